import CMicroHTTPD
import EventLoop

/// A small HTTP/1.1 server on one of our loops, over libmicrohttpd.
///
/// Everything runs on the loop's thread: make the server and its routes before the loop runs, or on it. A handler answers
/// at once or keeps its `HTTPResponder` and answers later; meanwhile the connection costs nothing.
///
/// Not done: TLS, compression, ranges, files (assets are a fixed table in memory, so a path never reaches the file system).
/// Errors that libmicrohttpd finds itself (a malformed request line, 414, 431) carry its own short page.
public final class HTTPServer {
  public typealias Handler = (HTTPRequest, HTTPResponder) -> Void

  public let address: String
  /// The port listened on, also when 0 was asked for.
  public let port: UInt16
  /// `http://127.0.0.1:8080`, without a slash at the end.
  public var url: String { "http://" + (address.contains(":") ? "[\(address)]" : address) + ":\(port)" }

  let loop: EventLoop

  /// Listens on an address (a name or a number; empty for all interfaces) and a port (0 for any free one).
  public init(
    loop: EventLoop, address: String = "127.0.0.1", port: UInt16, limits: HTTPLimits = HTTPLimits(),
    access: AccessPolicy = AccessPolicy()
  ) throws(HTTPServerError) {
    self.loop = loop
    self.address = address
    self.port = port
  }

  /// Serves a method and a path; a `{name}` segment matches any one segment. HEAD is answered by GET's handler.
  ///
  /// Where patterns overlap, the one with fewer `{}` wins, then the earlier.
  public func route(_ method: HTTPMethod, _ pattern: String, _ handler: @escaping Handler) {}

  /// Serves fixed content with its ETag, from memory.
  public func serve(_ asset: HTTPAsset) {}

  /// Ends all connections and frees the port. Later answers go nowhere.
  public func close() {}
}
