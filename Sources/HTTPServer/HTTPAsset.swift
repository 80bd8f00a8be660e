/// Fixed content: a page's file inside the binary.
public struct HTTPAsset: Sendable {
  public var path: String
  public var contentType: String
  public var body: [UInt8]

  public init(path: String, contentType: String, body: [UInt8]) {
    self.path = path
    self.contentType = contentType
    self.body = body
  }
}
