import Primitives
import Wire

@testable import Groups

/// Plays the commands of a transcript with one group, and tells what the clients hear and what the log gets.
///
/// Member ids, which are long and say nothing, are written as the client's name and a number that grows with each id.
struct GroupTranscript {
  private struct Client {
    var instance: String?
    var member = ""
    var generation: Int32 = -1
    var isLeader = false
    var peers: [String] = []
  }

  private struct Asked {
    var client: String
    var what: String
  }

  private(set) var world = GroupWorld()
  private var clients: [String: Client] = [:]
  private var labels: [(id: String, label: String)] = []
  private var asked: [RequestToken: Asked] = [:]
  private var seenReplies = 0
  private var seenBatches = 0
  private var lines: [String] = []

  mutating func execute(_ command: String) -> [String] {
    lines = []
    let words = command.split(separator: " ").map(String.init)
    let name = words.count > 1 ? words[1] : ""
    switch words.first {
    case "client": clients[name] = Client(instance: words.count > 2 ? words[2] : nil)
    case "join": join(name)
    case "sync": sync(name)
    case "heartbeat":
      let client = clients[name] ?? Client()
      let code = world.heartbeat(member: client.member, generation: client.generation, instance: client.instance)
      lines.append("\(name) hears \(code?.name ?? "nothing")")
    case "leave":
      let client = clients[name] ?? Client()
      asked[world.leave([(client.member, client.instance)])] = Asked(client: name, what: "leaves")
    case "restart": clients[name] = Client(instance: clients[name]?.instance)
    case "commit":
      let client = clients[name] ?? Client()
      let token = world.commit(
        member: client.member, generation: client.generation, instance: client.instance,
        partition: Int32(words[2]) ?? 0, offset: Int64(words[3]) ?? 0)
      asked[token] = Asked(client: name, what: "commits")
    case "fetch": lines.append("offset \(world.fetch(partition: Int32(name) ?? 0) ?? -2)")
    case "advance": world.advance(Int64(name) ?? 0)
    case "hold": world.appendOutcome = nil
    case "replicate":
      world.appendOutcome = ErrorCode.none
      while !world.queue.isEmpty { world.endFirst() }
    case "lose": world.moveCoordinator(surviving: 0)
    case "move": world.moveCoordinator(surviving: .max)
    case "describe": describe()
    default: lines.append("unknown command")
    }
    learn()
    return lines + world.violations.map { "VIOLATION \($0)" }
  }

  private mutating func join(_ name: String) {
    let client = clients[name] ?? Client()
    asked[world.join(member: client.member, instance: client.instance)] = Asked(client: name, what: "joins")
  }

  /// The leader gives one partition to each member in turn, four in all.
  private mutating func sync(_ name: String) {
    let client = clients[name] ?? Client()
    var shares: [(String, [UInt8])] = []
    if client.isLeader {
      shares = client.peers.enumerated().map { index, peer in
        (peer, (0..<4).filter { $0 % client.peers.count == index }.map { UInt8($0) })
      }
    }
    let token = world.sync(
      member: client.member, generation: client.generation, instance: client.instance, assignments: shares)
    asked[token] = Asked(client: name, what: "syncs")
  }

  private mutating func describe() {
    let group = world.describe()
    let words = [group.groupState, group.protocolType, group.protocolData]
    lines.append(words.filter { !$0.isEmpty }.joined(separator: " "))
    for member in group.members {
      lines.append("  \(label(member.memberId)) \(member.memberAssignment.map(Int.init))")
    }
  }

  // MARK: what is heard and written

  private mutating func learn() {
    for token in world.replyOrder[seenReplies...] {
      guard let name = asked[token]?.client, case .joinGroup(let answer)? = world.replies[token] else { continue }
      if answer.memberId.isEmpty || labels.contains(where: { $0.id == answer.memberId }) { continue }
      let count = labels.filter { $0.label.hasPrefix("\(name)#") }.count
      labels.append((answer.memberId, "\(name)#\(count + 1)"))
    }
    for records in world.log[seenBatches...] { lines.append("log: \(records.map(text).joined(separator: ", "))") }
    seenBatches = world.log.count
    while seenReplies < world.replyOrder.count {
      let token = world.replyOrder[seenReplies]
      seenReplies += 1
      guard let asked = asked.removeValue(forKey: token), let reply = world.replies[token] else { continue }
      lines.append("\(asked.client) \(asked.what): \(text(reply, asked.client))")
    }
  }

  private mutating func text(_ reply: GroupResponse, _ name: String) -> String {
    let error = ErrorCode(rawValue: reply.firstError)?.name ?? "?"
    switch reply {
    case .joinGroup(let answer):
      if reply.firstError == 0 || error == "MEMBER_ID_REQUIRED" { clients[name]?.member = answer.memberId }
      guard reply.firstError == 0 else { return "\(error) \(label(answer.memberId))" }
      clients[name]?.generation = answer.generationId
      clients[name]?.isLeader = answer.leader == answer.memberId
      clients[name]?.peers = answer.members.map(\.memberId)
      return "generation \(answer.generationId), \(label(answer.memberId)), leader \(label(answer.leader))"
        + (answer.members.isEmpty
          ? "" : ", members \(answer.members.map { label($0.memberId) }.joined(separator: " "))")
        + (answer.skipAssignment ? ", need not assign" : "")
    case .syncGroup(let answer):
      return reply.firstError == 0 ? "has \(answer.assignment.map(Int.init))" : error
    default: return error
    }
  }

  private func label(_ id: String) -> String { labels.first { $0.id == id }?.label ?? (id.isEmpty ? "nobody" : id) }

  private func text(_ record: GroupRecord) -> String {
    do throws(DecodeError) {
      guard let (_, change) = try StoredChange.decode(key: record.key, value: record.value) else { return "?" }
      switch change {
      case .offset(_, let partition, let offset):
        return "offset of \(partition) \(offset.map { "\($0.offset)" } ?? "gone")"
      case .metadata(nil): return "group gone"
      case .metadata(let value?):
        let members = value.members.map { "\(label($0.memberId)) \($0.assignment.map(Int.init))" }
        return "generation \(value.generation) [\(members.joined(separator: "; "))]"
      }
    } catch {
      return "unreadable"
    }
  }
}
