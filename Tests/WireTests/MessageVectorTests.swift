import Foundation
import Primitives
import Testing
import Wire

/// Every message and version, byte for byte, against what Apache Kafka's own code wrote.
@Suite struct MessageVectorTests {
  static let folders = ["messages", "metadata-records", "group-records"]

  static func files() throws -> [String] {
    try folders.flatMap { folder in
      try VectorFiles.names(folder).filter { $0 != "framed.ndjson" }.map { "\(folder)/\($0)" }
    }
  }

  static func type(of file: String) throws -> any Message.Type {
    let base = file.split(separator: "/")[1].dropLast(".ndjson".count)
    let name = base.first.map(\.isNumber) == true ? String(base.dropFirst(3)) : String(base)
    return try #require(allMessages[name], "no message \(name)")
  }

  @Test func everyMessageHasVectors() throws {
    let named = try Self.files().map { try Self.type(of: $0).name }
    #expect(Set(named) == Set(allMessages.keys))
  }

  /// Reading and writing again gives the same bytes, in every version that Kafka has; what was read is what Kafka meant.
  @Test(arguments: try files())
  func readsAndWritesKafkasBytes(_ file: String) throws {
    let type = try Self.type(of: file)
    var versions: Set<Int16> = []
    for row in try VectorFiles.rows(file) {
      let version = Int16(try #require(row["version"] as? Int))
      versions.insert(version)
      try check(type, version, row, file)
    }
    #expect(versions == Set(type.validVersions), "\(file): versions")
  }

  private func check<M: Message>(_ type: M.Type, _ version: Int16, _ row: [String: Any], _ file: String) throws {
    let hex = try #require(row["hex"] as? String)
    let bytes = VectorFiles.bytes(hex: hex)
    let label = "\(file) v\(version) \(row["sample"] ?? "")"
    let message: M
    do { message = try M.decode(bytes, version: version) } catch {
      Issue.record("\(label): \(error)")
      return
    }
    #expect(message.encoded(version: version) == bytes, "\(label)")
    if let json = row["json"] as? [String: Any], let difference = Self.difference(message, json, at: label) {
      Issue.record("\(difference)")
    }
    // Cut anywhere, a message is refused, never read as something else of the same length, and never traps.
    for cut in Set([0, bytes.count / 3, bytes.count / 2, bytes.count - 1]) where cut >= 0 && cut < bytes.count {
      if let short = try? M.decode(Array(bytes[..<cut]), version: version) {
        #expect(short.encoded(version: version).count <= bytes.count, "\(label) cut at \(cut)")
      }
    }
  }

  /// What differs between a message and Kafka's JSON of it; fields that the JSON leaves out are not compared.
  static func difference(_ value: Any, _ json: Any, at path: String) -> String? {
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .optional {
      guard let child = mirror.children.first else {
        return json is NSNull ? nil : "\(path): null, not \(json)"
      }
      return difference(child.value, json, at: path)
    }
    func same(_ condition: Bool) -> String? { condition ? nil : "\(path): \(value), not \(json)" }
    switch value {
    case let text as String: return same(text == json as? String)
    case let flag as Bool: return same(flag == json as? Bool)
    case let number as Double: return same(number == (json as? NSNumber)?.doubleValue)
    case let id as UUID128: return same(id.description == json as? String)
    case let bytes as [UInt8] where Swift.type(of: value) == [UInt8].self:
      return same(Data(bytes).base64EncodedString() == json as? String)
    case RecordBytes.null: return same(json is NSNull)
    case RecordBytes.owned(let bytes):
      return same(Data(bytes).base64EncodedString() == json as? String || Int(bytes.count) == json as? Int)
    case let number as any FixedWidthInteger:
      return same(Int64(truncatingIfNeeded: number) == (json as? NSNumber)?.int64Value)
    case let list as [Any]:
      guard let others = json as? [Any], others.count == list.count else { return same(false) }
      for (index, pair) in zip(list, others).enumerated() {
        if let found = difference(pair.0, pair.1, at: "\(path)[\(index)]") { return found }
      }
      return nil
    default:
      guard let object = json as? [String: Any] else { return same(false) }
      let fields = Dictionary(uniqueKeysWithValues: mirror.children.map { ($0.label ?? "", $0.value) })
      for (name, expected) in object {
        guard let field = fields[name] else { return "\(path): no field \(name)" }
        if let found = difference(field, expected, at: "\(path).\(name)") { return found }
      }
      return nil
    }
  }

  /// Whole frames, with the header's client id null, empty and not ASCII.
  @Test func readsAndWritesKafkasFrames() throws {
    var requests = 0
    for row in try VectorFiles.rows("messages/framed.ndjson") {
      let key = Int16(try #require(row["api"] as? Int))
      let version = Int16(try #require(row["version"] as? Int))
      let name = try #require(row["name"] as? String)
      let isRequest = row["dir"] as? String == "request"
      guard let type = allMessages[name + (isRequest ? "Request" : "Response")] else { continue }
      let frame = VectorFiles.bytes(hex: try #require(row["frame"] as? String))
      let label = "\(name) v\(version) \(isRequest ? "request" : "response")"
      if isRequest, let type = type as? any RequestMessage.Type {
        requests += 1
        #expect(try reframed(type, version, frame) == frame, "\(label)")
        #expect(key == type.apiKey.rawValue)
      } else if let type = type as? any ResponseMessage.Type {
        #expect(try reframed(type, version, frame) == frame, "\(label)")
      }
    }
    #expect(requests > 100)
  }

  private func reframed<M: RequestMessage>(_: M.Type, _ version: Int16, _ frame: [UInt8]) throws -> [UInt8] {
    try frame.withUnsafeBytes { whole in
      let body = UnsafeRawBufferPointer(rebasing: whole[4...])
      let (header, start) = try RequestHeader.decode(body, flexible: M.isFlexible(version))
      #expect(header.apiVersion == version)
      return try M.decode(body, version: version, from: start, ownsRecords: true)
        .frame(version: version, correlationId: header.correlationId, clientId: header.clientId)
    }
  }

  private func reframed<M: ResponseMessage>(_: M.Type, _ version: Int16, _ frame: [UInt8]) throws -> [UInt8] {
    try frame.withUnsafeBytes { whole in
      let (id, response) = try M.decodeFrame(
        UnsafeRawBufferPointer(rebasing: whole[4...]), version: version, ownsRecords: true)
      return response.frame(version: version, correlationId: id)
    }
  }

  /// Stored metadata records in their frame (version 1, type, version, body).
  @Test func readsStoredMetadataRecords() throws {
    for name in try VectorFiles.names("metadata-records") {
      for row in try VectorFiles.rows("metadata-records/\(name)") {
        let stored = VectorFiles.bytes(hex: try #require(row["storedHex"] as? String))
        let record = try MetadataRecord.decode(stored)
        if Int(record.version) == row["version"] as? Int { #expect(record.encoded() == stored, "\(name)") }
      }
    }
  }
}
