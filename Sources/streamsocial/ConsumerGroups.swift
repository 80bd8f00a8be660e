import ClusterHost
import CommandLineTool
import KafkaClient

/// `streamsocial groups …`: which consumer groups there are, how far they are, and putting them elsewhere.
enum ConsumerGroups {
  static let command: Command = Command(
    "groups", summary: "List, describe, rewind and delete consumer groups",
    examples: [
      Example("streamsocial groups list", "all groups"),
      Example("streamsocial groups describe analytics", "members, offsets and lag"),
      Example("streamsocial groups seek analytics --to start", "reads everything again"),
    ],
    subcommands: [list, describe, GroupSeek.command, delete])

  static let group = Positional("GROUP", help: "The consumer group", kind: .group)
  static let groups = Positional("GROUP", help: "The consumer groups", kind: .group, repeats: true)

  static let list: Command = Command(
    "list", summary: "All consumer groups", options: SharedOptions.connection + [SharedOptions.output.spec],
    examples: [Example("streamsocial groups list", "a line for each")]
  ) { arguments in
    let groups = try await SharedOptions.connect(arguments).groups(timeout: SharedOptions.patience(arguments)) {
      Terminal.printError("broker \($0) was not asked, the groups that it coordinates are missing here: \($1)")
    }
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
    Terminal.print(
      groups.isEmpty
        ? "There are no consumer groups. A first one: streamsocial consume TOPIC --group readers" : table.rendered())
    return .success
  }

  static let describe: Command = Command(
    "describe", summary: "Members, committed offsets and lag of groups", positionals: [groups],
    options: SharedOptions.connection + [SharedOptions.output.spec],
    examples: [
      Example("streamsocial groups describe analytics", "how far it is behind, and who reads what"),
      Example("streamsocial groups describe analytics -o json", "the same as one JSON object"),
    ]
  ) { arguments in
    let connection = try await SharedOptions.connect(arguments)
    for name in arguments.positionals {
      let group = try await connection.group(name, timeout: SharedOptions.patience(arguments))
      if arguments[SharedOptions.output] == "json" {
        Terminal.print(json(group).text())
      } else {
        if name != arguments.positionals.first { Terminal.print("") }
        Terminal.print(text(group))
      }
    }
    return .success
  }

  static let delete: Command = Command(
    "delete", summary: "Forget groups and their offsets; refused while they have members", positionals: [groups],
    options: SharedOptions.connection,
    examples: [Example("streamsocial groups delete analytics", "it would begin anew")]
  ) { arguments in
    let connection = try await SharedOptions.connect(arguments)
    for name in arguments.positionals {
      do throws(AdminError) {
        try await connection.deleteGroup(name, timeout: SharedOptions.patience(arguments))
      } catch {
        switch error {
        case .refused(code: .nonEmptyGroup, _):
          throw ClusterError(
            .notPossible,
            "group \(name) has members; stop them first. Who they are: streamsocial groups describe \(name)")
        case .refused(code: .groupIdNotFound, _):
          throw ClusterError(.notPossible, "there is no group “\(name)”. All: streamsocial groups list")
        default: throw error
        }
      }
      Terminal.print("deleted \(name)")
    }
    return .success
  }

  private static func text(_ group: GroupDescription) -> String {
    let known = group.positions.compactMap(\.lag)
    let unknown = known.count < group.positions.count ? " (and what cannot be asked)" : ""
    var lines = [
      "\(group.id)  \(group.state.isEmpty ? "Empty" : group.state)  coordinator \(group.coordinator)  "
        + "members \(group.members.count)  lag \(known.reduce(0, +))\(unknown)"
    ]
    var table = Table(["TOPIC", ">PARTITION", ">COMMITTED", ">END", ">LAG", "MEMBER", "CLIENT", "HOST"])
    for position in group.positions {
      let owner = group.members.first { member in
        member.partitions.contains { $0.topic == position.topic && $0.partition.rawValue == position.partition }
      }
      table.add([
        position.topic, "\(position.partition)", "\(position.committed)", position.end.map { "\($0)" } ?? "?",
        position.lag.map { "\($0)" } ?? "?", owner.map { $0.instanceID ?? $0.id } ?? "-", owner?.clientID ?? "",
        owner?.host ?? "",
      ])
    }
    // Who reads what has no committed offset yet, and who reads nothing.
    for member in group.members {
      let rest = member.partitions.filter { partition in
        !group.positions.contains { $0.topic == partition.topic && $0.partition == partition.partition.rawValue }
      }
      for partition in rest {
        table.add([
          partition.topic, "\(partition.partition)", "-", "-", "-", member.instanceID ?? member.id, member.clientID,
          member.host,
        ])
      }
      if member.partitions.isEmpty {
        table.add(["-", "-", "-", "-", "-", member.instanceID ?? member.id, member.clientID, member.host])
      }
    }
    if !table.rows.isEmpty { lines += ["", table.rendered()] }
    return lines.joined(separator: "\n")
  }

  private static func json(_ group: GroupDescription) -> JSON {
    [
      "id": .string(group.id), "state": .string(group.state), "coordinator": .integer(Int(group.coordinator)),
      "members": .array(
        group.members.map { member in
          [
            "id": .string(member.id), "instance_id": member.instanceID.map { .string($0) } ?? .null,
            "client_id": .string(member.clientID), "host": .string(member.host),
            "partitions": .array(
              member.partitions.map {
                ["topic": .string($0.topic), "partition": .integer(Int($0.partition.rawValue))]
              }),
          ]
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
