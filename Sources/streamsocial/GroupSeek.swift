import ClusterHost
import CommandLineTool
import KafkaClient
import Primitives

/// `streamsocial groups seek`: another place to read on from.
enum GroupSeek {
  static let to = Option.text(
    "to", "WHERE", help: "start, end, N, +N (after the start), -N (before the end), @TIME as in consume --offset"
  ).required()
  static let topics = Option.text(
    "topics", "NAME,…", help: "Only these, with all their partitions (default: what the group has offsets of)")
  static let dryRun = Option.flag("dry-run", help: "Only show what would change")

  static let command: Command = Command(
    "seek", summary: "Make a group read on from another place; refused while it has members",
    discussion: "Offsets that are not there become the nearest that are.",
    positionals: [ConsumerGroups.group],
    options: [to.spec, topics.spec, dryRun.spec] + SharedOptions.connection + [SharedOptions.output.spec],
    examples: [
      Example("streamsocial groups seek analytics --to start", "reads everything again"),
      Example("streamsocial groups seek analytics --to @-1h --topics posts", "the last hour of posts again"),
      Example("streamsocial groups seek analytics --to end --dry-run", "what would be passed over"),
    ]
  ) { arguments in
    let name = arguments.positionals[0]
    let connection = try await SharedOptions.connect(arguments)
    guard let range = OffsetRange(arguments[to], now: WallClock.milliseconds), range.to == nil else {
      throw UsageError("--to is start, end, N, +N, -N or @TIME; got “\(arguments[to])”", path: arguments.path)
    }
    let group = try await described(name, connection, arguments)
    let before = Dictionary(
      (group?.positions ?? []).map { (TopicPartition($0.topic, PartitionID($0.partition)), $0.committed) },
      uniquingKeysWith: { first, _ in first })
    let places = try await partitions(arguments, connection) ?? before.keys.sorted()
    guard !places.isEmpty else {
      throw ClusterError(.notPossible, "group \(name) has no offsets; name what it is to read with --topics")
    }
    let after = try await offsets(places, range.from, connection)
    if let unknown = places.first(where: { after[$0] == nil }) {
      throw ClusterError(.notPossible, "\(unknown) cannot be asked for its offsets; nothing was changed")
    }
    let changes = places.map { (partition: $0, offset: after[$0] ?? 0) }
    if !arguments[dryRun] {
      try await connection.commitOffsets(of: name, changes, timeout: SharedOptions.patience(arguments))
    }
    show(changes, before, arguments)
    return .success
  }

  /// The group as it is; nil when it is new. Refuses one with members: they would commit over it.
  private static func described(_ name: String, _ connection: AdminConnection, _ arguments: Arguments) async throws
    -> GroupDescription?
  {
    let group: GroupDescription
    do throws(AdminError) {
      group = try await connection.group(name, timeout: SharedOptions.patience(arguments))
    } catch {
      guard case .refused(code: .groupIdNotFound, _) = error else { throw error }
      guard arguments.has(topics) else {
        throw ClusterError(
          .notPossible, "there is no group “\(name)”. All: streamsocial groups list; for a new one name --topics")
      }
      return nil
    }
    guard group.members.isEmpty else {
      let who = group.members.map { $0.instanceID ?? $0.clientID }.joined(separator: ", ")
      throw ClusterError(
        .notPossible,
        "group \(name) has members (\(who)), which would commit over it; stop them first")
    }
    return group
  }

  private static func partitions(_ arguments: Arguments, _ connection: AdminConnection) async throws
    -> [TopicPartition]?
  {
    guard arguments.has(topics) else { return nil }
    var result: [TopicPartition] = []
    for name in arguments[topics].split(separator: ",").map(String.init) {
      do throws(AdminError) {
        let topic = try await connection.topics(named: [name]).first
        result += (topic?.partitions ?? []).map { TopicPartition(name, PartitionID($0.id)) }
      } catch {
        throw await SharedOptions.explained(error, topic: name, arguments)
      }
    }
    return result.sorted()
  }

  private static func offsets(
    _ places: [TopicPartition], _ target: OffsetRange.Place, _ connection: AdminConnection
  ) async throws -> [TopicPartition: Int64] {
    let first = try await connection.offsets(of: places, at: -2)
    let last = try await connection.offsets(of: places, at: -1)
    var times: [TopicPartition: Int64] = [:]
    if case .time(let time) = target { times = try await connection.offsets(of: places, at: time) }
    var result: [TopicPartition: Int64] = [:]
    for place in places {
      guard let first = first[place], let last = last[place] else { continue }
      let wanted: Int64? =
        switch target {
        case .start: first
        case .end: last
        case .offset(let offset): offset
        case .afterStart(let count): count > last - first ? last : first + count
        case .beforeEnd(let count): count > last - first ? first : last - count
        case .time: times[place].map { $0 < 0 ? last : $0 }
        }
      if let wanted { result[place] = min(max(wanted, first), last) }
    }
    return result
  }

  private static func show(
    _ changes: [(partition: TopicPartition, offset: Int64)], _ before: [TopicPartition: Int64], _ arguments: Arguments
  ) {
    if arguments[SharedOptions.output] == "json" {
      Terminal.print(
        JSON.array(
          changes.map { change in
            [
              "topic": .string(change.partition.topic), "partition": .integer(Int(change.partition.partition.rawValue)),
              "before": before[change.partition].map { .integer(Int($0)) } ?? .null,
              "after": .integer(Int(change.offset)),
            ]
          }
        ).text())
      return
    }
    var table = Table(["TOPIC", ">PARTITION", ">BEFORE", ">AFTER"])
    for change in changes {
      table.add([
        change.partition.topic, "\(change.partition.partition)", before[change.partition].map { "\($0)" } ?? "-",
        "\(change.offset)",
      ])
    }
    Terminal.print(table.rendered())
    if arguments[dryRun] { Terminal.print("Nothing was changed (--dry-run).") }
  }
}
