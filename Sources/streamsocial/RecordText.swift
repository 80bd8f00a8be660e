import CommandLineTool

/// Bytes of keys, values and headers as JSON: text where they are UTF-8, else base64 under another name.
enum RecordText {
  /// `name` with a text, `name_base64`, or `name` with null.
  static func member(_ name: String, _ bytes: UnsafeRawBufferPointer?) -> (String, JSON) {
    guard let bytes else { return (name, .null) }
    if let text = String(validating: bytes, as: UTF8.self) { return (name, .string(text)) }
    return ("\(name)_base64", .string(Base64.text(bytes)))
  }

  /// The bytes that `name` or `name_base64` of an object stands for. A value that is neither text nor null is
  /// itself the JSON to send.
  static func bytes(of name: String, in json: JSON) throws(UsageError) -> [UInt8]? {
    if let coded = json["\(name)_base64"]?.string {
      guard let bytes = Base64.bytes(coded) else { throw UsageError("\(name)_base64 is not base64") }
      return bytes
    }
    switch json[name] {
    case nil, .null: return nil
    case .string(let text): return Array(text.utf8)
    case let other?: return Array(other.text().utf8)
    }
  }
}
