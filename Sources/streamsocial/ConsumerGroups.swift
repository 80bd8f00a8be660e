import CommandLineTool
import KafkaClient

/// `streamsocial groups …`: which consumer groups there are, and how far they are.
enum ConsumerGroups {
  static let command: Command = Command(
    "groups", summary: "List and describe consumer groups",
    examples: [Example("streamsocial groups describe analytics", "members, offsets and lag")],
    subcommands: [list, describe])

  static let list: Command = Command(
    "list", summary: "All consumer groups", options: Topics.connection + [SharedOptions.output.spec],
    examples: [Example("streamsocial groups list", "a line for each")]
  ) { arguments in
    let groups = try await SharedOptions.connect(arguments).groups(timeout: SharedOptions.patience(arguments))
    if arguments[SharedOptions.output] == "json" {
      Terminal.print(
        JSON.array(
          groups.map {
            [
              "id": .string($0.id), "state": .string($0.state), "type": .string($0.type),
              "coordinator": .integer(Int($0.coordinator)),
            ]
          }
        ).text())
      return .success
    }
    var table = Table(["GROUP", "STATE", "TYPE", ">COORDINATOR"])
    for group in groups { table.add([group.id, group.state, group.type, "\(group.coordinator)"]) }
    Terminal.print(table.rendered())
    return .success
  }

  static let describe: Command = Command(
    "describe", summary: "Members, committed offsets and lag of a group",
    positionals: [Positional("GROUP", help: "The consumer group")],
    options: Topics.connection + [SharedOptions.output.spec],
    examples: [Example("streamsocial groups describe analytics", "how far it is behind")]
  ) { arguments in
    let group = try await SharedOptions.connect(arguments).group(
      arguments.positionals[0], timeout: SharedOptions.patience(arguments))
    if arguments[SharedOptions.output] == "json" {
      Terminal.print(json(group).text())
      return .success
    }
    let lag = group.positions.compactMap(\.lag).reduce(0, +)
    Terminal.print(
      "\(group.id)  \(group.state)  coordinator \(group.coordinator)  \(group.members.count) members  lag \(lag)")
    var table = Table(["TOPIC", ">PARTITION", ">COMMITTED", ">END", ">LAG"])
    for position in group.positions {
      table.add([
        position.topic, "\(position.partition)", "\(position.committed)", position.end.map { "\($0)" } ?? "?",
        position.lag.map { "\($0)" } ?? "?",
      ])
    }
    if !table.rows.isEmpty { Terminal.print(table.rendered()) }
    var members = Table(["MEMBER", "CLIENT", "HOST"])
    for member in group.members { members.add([member.instanceID ?? member.id, member.clientID, member.host]) }
    if !members.rows.isEmpty { Terminal.print("\n" + members.rendered()) }
    return .success
  }

  private static func json(_ group: GroupDescription) -> JSON {
    [
      "id": .string(group.id), "state": .string(group.state), "coordinator": .integer(Int(group.coordinator)),
      "members": .array(
        group.members.map {
          ["id": .string($0.id), "client_id": .string($0.clientID), "host": .string($0.host)]
        }),
      "offsets": .array(
        group.positions.map {
          [
            "topic": .string($0.topic), "partition": .integer(Int($0.partition)),
            "committed": .integer(Int($0.committed)), "end": $0.end.map { .integer(Int($0)) } ?? .null,
            "lag": $0.lag.map { .integer(Int($0)) } ?? .null,
          ]
        }),
    ]
  }
}
