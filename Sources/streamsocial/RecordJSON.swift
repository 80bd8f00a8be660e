import CommandLineTool

/// Records as JSON. Keys, values and headers are text where they are UTF-8, else base64 under another name, so that
/// what `consume` prints `produce` reads back byte for byte.
enum RecordJSON {
  /// `name` with a text, `name_base64`, or `name` with null.
  static func member(_ name: String, _ bytes: (some Collection<UInt8>)?) -> (String, JSON) {
    guard let bytes else { return (name, .null) }
    if let text = String(validating: bytes, as: UTF8.self) { return (name, .string(text)) }
    return ("\(name)_base64", .string(Base64.text(bytes)))
  }

  /// What `consume` prints.
  static func text(_ record: RecordFields) -> String {
    var members: [(String, JSON)] = [
      ("topic", .string(record.topic)), ("partition", .integer(Int(record.partition ?? -1))),
      ("offset", .integer(Int(record.offset))), ("timestamp", .integer(Int(record.timestamp ?? -1))),
      member("key", record.key), member("value", record.value),
    ]
    if !record.headers.isEmpty {
      // A list: names may come twice, and their order counts.
      members.append(
        ("headers", .array(record.headers.map { .object([member("key", $0.name), member("value", $0.value)]) })))
    }
    return JSON.object(members).text()
  }

  /// What `produce` reads: the above, of which only what is to be said need be there; headers may be an object, too. A
  /// value that is neither text nor null is itself the JSON to send, as it is written.
  static func record(_ line: [UInt8]) throws -> RecordFields {
    let members: [(name: String, value: JSON, text: [UInt8])]
    do throws(JSONError) { members = try JSON.members(of: line) } catch {
      throw RecordInputError(
        reason:
          "\(error). A line is an object like {\"key\": \"ada\", \"value\": \"hello\"}; for plain text: -f '%v\\n'")
    }
    var record = RecordFields()
    for (name, value, text) in members {
      switch name {
      case "key": record.key = bytes(value, text)
      case "value": record.value = bytes(value, text)
      case "key_base64": record.key = try base64(name, value)
      case "value_base64": record.value = try base64(name, value)
      case "headers": record.headers = try headers(value)
      case "partition": record.partition = try partition(value)
      case "timestamp":
        guard let time = value.integer else { throw RecordInputError(reason: "timestamp is milliseconds since 1970") }
        if time >= 0 { record.timestamp = Int64(time) }
      // What `consume` prints beside it; where a record goes is the command's to say.
      case "topic", "offset": break
      default:
        let known = ["key", "value", "key_base64", "value_base64", "headers", "partition", "timestamp"]
        let hint =
          Suggestion.closest(to: name, among: known).map { ". Did you mean \($0)?" }
          ?? "; there are \(known.joined(separator: ", "))"
        throw RecordInputError(reason: "unknown name “\(name)”\(hint)")
      }
    }
    return record
  }

  private static func bytes(_ value: JSON, _ text: [UInt8]) -> [UInt8]? {
    switch value {
    case .null: nil
    case .string(let text): Array(text.utf8)
    default: text
    }
  }

  private static func base64(_ name: String, _ value: JSON) throws(RecordInputError) -> [UInt8]? {
    if value == .null { return nil }
    guard let bytes = value.string.flatMap({ Base64.bytes($0) }) else {
      throw RecordInputError(reason: "\(name) is not base64")
    }
    return bytes
  }

  private static func partition(_ value: JSON) throws(RecordInputError) -> Int32? {
    if value == .null { return nil }
    guard let number = value.integer.flatMap({ Int32(exactly: $0) }), number >= 0 else {
      throw RecordInputError(reason: "partition is a number from 0")
    }
    return number
  }

  private static func headers(_ value: JSON) throws(RecordInputError) -> [RecordFields.Header] {
    var result: [RecordFields.Header] = []
    switch value {
    case .null: break
    case .object(let members):
      for (name, value) in members {
        result.append((Array(name.utf8), value == .null ? nil : Array((value.string ?? value.text()).utf8)))
      }
    case .array(let entries):
      for entry in entries {
        let coded = try base64("key_base64", entry["key_base64"] ?? .null)
        guard let name = entry["key"]?.string.map({ Array($0.utf8) }) ?? coded else {
          throw RecordInputError(reason: "a header has a key and a value")
        }
        let codedValue = try base64("value_base64", entry["value_base64"] ?? .null)
        let value = entry["value"].flatMap { $0 == .null ? nil : Array(($0.string ?? $0.text()).utf8) }
        result.append((name, codedValue ?? value))
      }
    default: throw RecordInputError(reason: "headers is an object, or a list of objects with key and value")
    }
    return result
  }
}
