import Foundation
import Primitives
import Testing
import Wire

@testable import Groups

/// Goal: clients hear from this coordinator what they hear from Apache Kafka. Method: conversations of real clients
/// with Apache Kafka 4.3.1, recorded frame by frame, are held again: the requests are put to a shard at the recorded
/// times, and its answers compared with Kafka's, field by field. Member ids, which are drawn by chance, are
/// translated; members and topics, which Kafka gives in no order, are sorted.
@Test(arguments: ["java-consumer-classic", "kafka-python", "aiokafka", "confluent-kafka", "kcat"])
func clientsHearWhatKafkaTellsThem(_ client: String) throws {
  var conversation = Conversation()
  let lines = try readLines("conversation-\(client).ndjson")
  var compared = 0
  for line in lines {
    let frame = try JSONDecoder().decode(Conversation.Frame.self, from: Data(line.utf8))
    if frame.dir == "request" {
      try conversation.ask(frame)
    } else {
      let (ours, kafkas) = try conversation.answers(frame)
      #expect(ours == kafkas, "API \(frame.api) version \(frame.version), request \(frame.id)")
      compared += 1
    }
  }
  #expect(compared == lines.count / 2)
  #expect(conversation.world.violations == [])
}

/// Goal: Apache Kafka's tools read our records, and we read Apache Kafka's. Method: all records of the classic protocol
/// in the log directories of a real cluster are read and written again; the bytes must be the same.
@Test func recordsAreByteForByteAsKafkaWritesThem() throws {
  struct Row: Decodable {
    var key: String
    var value: String?
  }
  var shard = GroupShard(configuration: .init(), random: RandomSource(seed: 1))
  var effects: [GroupEffect] = []
  var own = 0
  for line in try readLines("stored-records.ndjson") {
    let row = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
    let record = GroupRecord(key: bytes(row.key), value: row.value.map(bytes))
    shard.handle(
      .replay(key: record.key, value: record.value, timestamp: 0), at: .zero, wallClockMs: 0, into: &effects)
    guard let (group, change) = try StoredChange.decode(key: record.key, value: record.value) else { continue }
    own += 1
    #expect(change.record(group: group) == record)
  }
  shard.handle(.loaded(epoch: .zero), at: .zero, wallClockMs: 0, into: &effects)
  #expect(effects == [])
  #expect(own == 14)
  #expect(shard.describe("deleted-group", version: 6).groupState == "Dead")
  #expect(shard.describe("group-classic", version: 6).groupState == "Stable")
  #expect(shard.groups["only-offsets"]?.offsets["user-actions"]?[1]?.offset == 12)
}

private func readLines(_ name: String) throws -> [String] {
  let folder = "\(#filePath.dropLast("GroupsTests/ConversationTests.swift".count))Vectors/groups/"
  return try String(contentsOfFile: folder + name, encoding: .utf8).split(separator: "\n").map(String.init)
}

private func bytes(_ hex: String) -> [UInt8] {
  let digits = Array(hex.utf8)
  return stride(from: 0, to: digits.count, by: 2).map {
    UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16) ?? 0
  }
}

/// A recorded conversation, held again with a shard.
private struct Conversation {
  struct Frame: Decodable {
    var ms: Int64
    var conn: Int
    var id: Int32
    var dir: String
    var api: Int16
    var version: Int16
    var client: String?
    /// The message without its header.
    var body: String
  }

  private struct Request: Hashable {
    var connection: Int
    var id: Int32
  }

  var world = GroupWorld()
  private var startMs: Int64?
  private var tokens: [Request: RequestToken] = [:]
  /// Kafka's member ids and ours; of equal length, as both are a name and a UUID.
  private var memberIDs: [(kafkas: [UInt8], ours: [UInt8])] = []

  mutating func ask(_ frame: Frame) throws {
    let start = startMs ?? frame.ms
    startMs = start
    let elapsed = world.now.nanoseconds / 1_000_000
    world.advance(max(0, frame.ms - start - elapsed))
    let body = translated(bytes(frame.body), toKafka: false)
    tokens[Request(connection: frame.conn, id: frame.id)] = world.send(
      try request(frame, body), version: frame.version, clientID: frame.client ?? "")
  }

  private func request(_ frame: Frame, _ body: [UInt8]) throws -> GroupRequest {
    switch frame.api {
    case 8: .offsetCommit(try .decode(body, version: frame.version))
    case 9: .offsetFetch(try .decode(body, version: frame.version))
    case 11: .joinGroup(try .decode(body, version: frame.version))
    case 12: .heartbeat(try .decode(body, version: frame.version))
    case 13: .leaveGroup(try .decode(body, version: frame.version))
    case 14: .syncGroup(try .decode(body, version: frame.version))
    case 15: .describeGroup(try DescribeGroupsRequest.decode(body, version: frame.version).groups.first ?? "")
    case 42: .deleteGroup(try DeleteGroupsRequest.decode(body, version: frame.version).groupsNames.first ?? "")
    default: .offsetDelete(try .decode(body, version: frame.version))
    }
  }

  /// Our answer and Kafka's to the same request, both in Kafka's member ids.
  mutating func answers(_ frame: Frame) throws -> (ours: GroupResponse?, kafkas: GroupResponse) {
    let recorded = try response(frame, bytes(frame.body))
    guard let token = tokens[Request(connection: frame.conn, id: frame.id)], let answer = world.replies[token] else {
      return (nil, recorded)
    }
    if case .joinGroup(let ours) = answer, case .joinGroup(let kafkas) = recorded, ours.memberId != kafkas.memberId,
      ours.memberId.utf8.count == kafkas.memberId.utf8.count
    {
      memberIDs.append((Array(kafkas.memberId.utf8), Array(ours.memberId.utf8)))
    }
    return (try response(frame, translated(encoded(answer, frame.version), toKafka: true)), recorded)
  }

  private func encoded(_ answer: GroupResponse, _ version: Int16) -> [UInt8] {
    switch answer {
    case .offsetCommit(let message): return message.encoded(version: version)
    case .offsetFetch(let message): return message.encoded(version: version)
    case .joinGroup(let message): return message.encoded(version: version)
    case .heartbeat(let message): return message.encoded(version: version)
    case .leaveGroup(let message): return message.encoded(version: version)
    case .syncGroup(let message): return message.encoded(version: version)
    case .offsetDelete(let message): return message.encoded(version: version)
    case .listGroups(let message): return message.encoded(version: version)
    case .describeGroup(let group):
      var message = DescribeGroupsResponse()
      message.groups = [group]
      return message.encoded(version: version)
    case .deleteGroup(let result):
      var message = DeleteGroupsResponse()
      message.results = [result]
      return message.encoded(version: version)
    }
  }

  private func response(_ frame: Frame, _ body: [UInt8]) throws -> GroupResponse {
    switch frame.api {
    case 8: return .offsetCommit(try .decode(body, version: frame.version))
    case 9:
      var message = try OffsetFetchResponse.decode(body, version: frame.version)
      for group in message.groups.indices {
        message.groups[group].topics.sort { $0.name < $1.name }
        for topic in message.groups[group].topics.indices {
          message.groups[group].topics[topic].partitions.sort { $0.partitionIndex < $1.partitionIndex }
        }
      }
      return .offsetFetch(message)
    case 11:
      var message = try JoinGroupResponse.decode(body, version: frame.version)
      message.members.sort { $0.memberId < $1.memberId }
      return .joinGroup(message)
    case 12: return .heartbeat(try .decode(body, version: frame.version))
    case 13: return .leaveGroup(try .decode(body, version: frame.version))
    case 14: return .syncGroup(try .decode(body, version: frame.version))
    case 15:
      var group = try DescribeGroupsResponse.decode(body, version: frame.version).groups.first ?? .init()
      group.members.sort { $0.memberId < $1.memberId }
      // Left to the shell.
      group.authorizedOperations = .min
      return .describeGroup(group)
    case 42: return .deleteGroup(try DeleteGroupsResponse.decode(body, version: frame.version).results.first ?? .init())
    default: return .offsetDelete(try .decode(body, version: frame.version))
    }
  }

  private func translated(_ body: [UInt8], toKafka: Bool) -> [UInt8] {
    var body = body
    for (kafkas, ours) in memberIDs {
      let (from, to) = toKafka ? (ours, kafkas) : (kafkas, ours)
      var index = 0
      while index + from.count <= body.count {
        if body[index] == from[0], body[index..<index + from.count].elementsEqual(from) {
          body.replaceSubrange(index..<index + from.count, with: to)
          index += from.count
        } else {
          index += 1
        }
      }
    }
    return body
  }
}
