import Consensus
import Primitives

/// Plays a written scenario on a simulated quorum without chance in its network, and records what happens.
///
/// A script is a list of commands, one a line: `cluster VOTERS [OBSERVERS]`, `run MS`, `propose ID [COUNT]`,
/// `snapshot ID KEEP`, `crash ID`, `start ID`, `pause ID MS`, `isolate ID`, `cut FROM TO`, `heal`, `resign ID`,
/// `status`.
/// `quiet-death` switches off the notice that peers get of a dead process.
package struct RaftTranscript {
  private var cluster: RaftCluster?
  private var told = 0
  private var deathNotice = 1.0

  package init() {}

  /// Carries out one command. Returns the lines to record; a command that makes no sense is answered by a line that
  /// says so.
  package mutating func execute(_ command: String) -> [String] {
    let words = command.split(separator: " ").map(String.init)
    let numbers = words.dropFirst().compactMap { Int($0) }
    if words.first == "quiet-death" {
      deathNotice = 0
      return []
    }
    if words.first == "cluster", let voters = numbers.first {
      cluster = makeCluster(voters: voters, observers: numbers.count > 1 ? numbers[1] : 0)
      told = 0
      return []
    }
    guard let cluster else { return ["no cluster"] }
    switch (words.first, numbers.count) {
    case ("run", 1): cluster.run(until: cluster.now + .milliseconds(Int64(numbers[0])))
    case ("heal", 0): cluster.heal()
    case ("status", 0): return Self.status(cluster)
    case ("cut", 2) where isNode(numbers[0]) && isNode(numbers[1]):
      cluster.blocked[numbers[0] - 1][numbers[1] - 1] = true
    case (let verb?, 1...2) where isNode(numbers[0]):
      let index = numbers[0] - 1
      switch verb {
      case "propose": for _ in 0..<(numbers.count > 1 ? numbers[1] : 1) { cluster.propose(to: index) }
      case "snapshot": cluster.snapshot(index, keeping: Int64(numbers.count > 1 ? numbers[1] : 0))
      case "crash": cluster.crash(index)
      case "start": cluster.start(index)
      case "pause" where numbers.count == 2:
        cluster.nodes[index].busyUntil = cluster.now + .milliseconds(Int64(numbers[1]))
      case "isolate": cluster.isolate(index)
      case "resign": cluster.step(cluster.nodes[index], .resign)
      default: return ["unknown command"]
      }
    default: return ["unknown command"]
    }
    let lines = Array(cluster.story[told...])
    told = cluster.story.count
    return lines + (cluster.invariants.violation.map { ["VIOLATION \($0)"] } ?? [])
  }

  private func isNode(_ id: Int) -> Bool { cluster?.nodes.indices.contains(id - 1) ?? false }

  private func makeCluster(voters: Int, observers: Int) -> RaftCluster {
    var world = RaftWorld()
    world.voters = max(1, min(voters, 9))
    world.observers = max(0, min(observers, 9))
    world.deathNotice = deathNotice
    let cluster = RaftCluster(world: world, seed: 1)
    cluster.narrates = true
    return cluster
  }

  private static func status(_ cluster: RaftCluster) -> [String] {
    cluster.nodes.map { node in
      guard let raft = node.raft else { return "\(node.id) down, log ends at \(node.log.end)" }
      let leader = raft.leaderID.map { "\($0)" } ?? "none"
      return "\(node.id) \(raft.role.rawValue), epoch \(raft.epoch), leader \(leader), "
        + "log \(node.log.startOffset)..<\(node.log.end), high watermark \(raft.highWatermark)"
    }
  }
}
