import CommandLineTool
import KafkaClient

/// Topics for people and for programs.
enum TopicText {
  static func state(_ topic: TopicDescription) -> String {
    if topic.partitions.contains(where: { $0.leader < 0 }) { return "unavailable" }
    return topic.partitions.contains { $0.inSync.count < $0.replicas.count } ? "under-replicated" : "whole"
  }

  static func text(_ topic: TopicDescription, _ settings: [TopicSetting]) -> String {
    var lines = ["\(topic.name)  \(state(topic))  id \(topic.id)\(topic.isInternal ? "  internal" : "")", ""]
    var table = Table([">PARTITION", ">LEADER", ">EPOCH", "REPLICAS", "IN SYNC"])
    for partition in topic.partitions {
      table.add([
        "\(partition.id)", partition.leader < 0 ? "none" : "\(partition.leader)", "\(partition.leaderEpoch)",
        text(partition.replicas), text(partition.inSync),
      ])
    }
    lines.append(table.rendered())
    var values = Table(["SETTING", "VALUE", "SOURCE"])
    for setting in settings { values.add([setting.name, setting.value, setting.source.name]) }
    if !settings.isEmpty { lines += ["", values.rendered()] }
    return lines.joined(separator: "\n")
  }

  /// `configs` has the topic's own settings; `settings`, when there are any, all of them with their sources.
  static func json(_ topic: TopicDescription, settings: [TopicSetting] = []) -> JSON {
    func ids(_ list: [Int32]) -> JSON { .array(list.map { .integer(Int($0)) }) }
    var members: [(String, JSON)] = [
      ("name", .string(topic.name)), ("id", .string(topic.id.description)), ("internal", .bool(topic.isInternal)),
      ("state", .string(state(topic))),
      ("configs", .object(settings.filter(\.isOwn).map { ($0.name, .string($0.value)) })),
      (
        "partitions",
        .array(
          topic.partitions.map {
            [
              "id": .integer(Int($0.id)), "leader": .integer(Int($0.leader)),
              "leader_epoch": .integer(Int($0.leaderEpoch)), "replicas": ids($0.replicas), "isr": ids($0.inSync),
            ]
          })
      ),
    ]
    if !settings.isEmpty {
      members.append(
        (
          "settings",
          .array(
            settings.map {
              ["name": .string($0.name), "value": .string($0.value), "source": .string($0.source.name)]
            })
        ))
    }
    return .object(members)
  }

  private static func text(_ ids: [Int32]) -> String { ids.map { "\($0)" }.joined(separator: ",") }
}
