import Primitives
import Wire

@testable import Groups

/// One history of a coordinator and its clients, drawn from a seed.
///
/// Clients follow the protocol, badly at times: they fall silent, send twice, use old ids, leave without a word. The
/// log refuses, delays and leaves in doubt; the coordinator moves and takes with it what was not replicated.
///
/// Beside what `GroupWorld` checks after every event:
/// - one owner for each partition in each generation, as clients were told (G1);
/// - a committed offset that was acknowledged is there, or a later commit, or a deletion that somebody asked for (G2);
/// - in the end every request has been answered, exactly once.
struct CoordinatorHistory {
  private(set) var world: GroupWorld
  private var random: RandomSource
  private var clients: [Client] = []
  private var inFlight: [RequestToken: Asked] = [:]
  private var seenReplies = 0
  private var seenBatches = 0
  private var owners: [Generation: [Int: String]] = [:]
  private var commits: [CommitKey: Commits] = [:]
  private var nextOffset: Int64 = 1
  private(set) var violations: [String] = []
  private(set) var counters = Counters()

  struct Counters {
    var generations = 0
    var assignments = 0
    var acknowledgedCommits = 0
    var failovers = 0
    var inDoubt = 0
    var staticReturns = 0
    var deletions = 0
  }

  private struct Client {
    var group: String
    var instance: String?
    var member = ""
    var generation: Int32 = -1
    var peers: [String] = []
    var isLeader = false
    var mustSync = false
    var waiting: RequestToken?
  }

  private enum Asked {
    case join(client: Int)
    case sync(client: Int, generation: Int32)
    case commit(CommitKey, Int64)
    case delete(String)
    case other
  }

  private struct Generation: Hashable {
    var group: String
    var generation: Int32
  }

  private struct CommitKey: Hashable {
    var group: String
    var partition: Int32
  }

  private struct Commits {
    /// Highest offset that a client was told is committed.
    var acknowledged: Int64 = -1
    /// Deleted since, perhaps: the offset may be gone.
    var mayBeGone = true
  }

  private static let groups = ["a", "b"]
  private static let partitions = 6

  init(seed: UInt64) {
    random = RandomSource(seed: seed).stream("history")
    var draw = random.stream("settings")
    let delay: Int32 = draw.chance(0.5) ? 0 : Int32.random(in: 1...3000, using: &draw)
    let size: Int32 = draw.chance(0.2) ? 3 : .max
    world = GroupWorld(seed: seed) {
      $0.groupInitialRebalanceDelayMs = delay
      $0.groupMaxSize = size
      $0.offsetsRetentionCheckIntervalMs = 120_000
    }
    for index in 0..<Int.random(in: 2...6, using: &draw) {
      let group = Self.groups[Int.random(in: 0..<2, using: &draw)]
      clients.append(Client(group: group, instance: draw.chance(0.3) ? "i-\(index)" : nil))
    }
  }

  mutating func run(steps: Int = 250) {
    for _ in 0..<steps where violations.isEmpty && world.violations.isEmpty { step() }
    // All is well again: whatever waits is answered.
    world.appendOutcome = ErrorCode.none
    while !world.queue.isEmpty { world.endFirst() }
    world.moveCoordinator()
    learn()
    if !world.outstanding.isEmpty { violations.append("never answered: \(world.outstanding.sorted())") }
    violations += world.violations
  }

  // MARK: steps

  private mutating func step() {
    let client = Int.random(in: 0..<clients.count, using: &random)
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<45: act(client)
    case 45..<60: commit(client)
    case 60..<70:
      world.advance(Int64.random(in: 1...(random.chance(0.1) ? 15_000 : 1500), using: &random))
    case 70..<85: endAppend()
    case 85..<88:
      world.appendOutcome = random.chance(0.6) ? ErrorCode.none : random.chance(0.7) ? nil : .notEnoughReplicas
    case 88..<90: failOver()
    case 90..<92: restart(client)
    case 92..<93: delete(Self.groups[Int.random(in: 0..<2, using: &random)])
    case 93..<94: deleteOffsets()
    case 94..<96: leave(client)
    case 96..<98: nonsense(client)
    default: read(client)
    }
    learn()
  }

  /// What the client's state asks for: heartbeats of those who have work, joins and syncs of the others.
  private mutating func act(_ index: Int) {
    let client = clients[index]
    if client.waiting != nil, !random.chance(0.03) { return }
    if client.mustSync {
      let shares = client.isLeader ? share(among: client.peers) : []
      let token = world.sync(
        client.group, member: client.member, generation: client.generation, instance: client.instance,
        assignments: shares)
      inFlight[token] = .sync(client: index, generation: client.generation)
      clients[index].waiting = token
    } else if client.generation < 0 || client.waiting != nil {
      let token = world.join(
        client.group, member: client.member, instance: client.instance, sessionMs: 10_000, rebalanceMs: 20_000,
        version: random.chance(0.8) ? 9 : 5)
      inFlight[token] = .join(client: index)
      clients[index].waiting = token
      if client.instance != nil, client.member.isEmpty { counters.staticReturns += 1 }
    } else {
      heartbeat(index)
    }
  }

  private mutating func heartbeat(_ index: Int) {
    let client = clients[index]
    switch world.heartbeat(
      client.group, member: client.member, generation: client.generation, instance: client.instance)
    {
    case ErrorCode.none?: break
    case .rebalanceInProgress?: clients[index].generation = -1
    case .illegalGeneration?: clients[index].generation = -1
    case .unknownMemberId?, .fencedInstanceId?: forget(index)
    case let code: violations.append("heartbeat answered \(String(describing: code))")
    }
  }

  /// Each partition to one member, in an order drawn anew.
  private mutating func share(among members: [String]) -> [(String, [UInt8])] {
    var shares = [[UInt8]](repeating: [], count: members.count)
    for partition in 0..<Self.partitions {
      shares[Int.random(in: 0..<members.count, using: &random)].append(UInt8(partition))
    }
    return members.enumerated().map { ($1, shares[$0]) }
  }

  private mutating func commit(_ index: Int) {
    let client = clients[index]
    let partition = Int32.random(in: 0..<Int32(Self.partitions), using: &random)
    let isSimple = random.chance(0.1)
    let token = world.commit(
      client.group, member: isSimple ? "" : client.member, generation: isSimple ? -1 : client.generation,
      instance: isSimple ? nil : client.instance, partition: partition, offset: nextOffset)
    inFlight[token] = .commit(CommitKey(group: client.group, partition: partition), nextOffset)
    nextOffset += 1
  }

  private mutating func endAppend() {
    guard let first = world.queue.first else { return }
    switch Int.random(in: 0..<10, using: &random) {
    case 0 where !first.isInDoubt: world.endFirst(.notEnoughReplicas)
    case 1, 2:
      counters.inDoubt += 1
      world.endFirst(.requestTimedOut)
    case 3:
      // A later one is replicated, and so all before it.
      if let last = world.queue.last { world.end(last.token, .none) }
    default: world.endFirst()
    }
  }

  private mutating func failOver() {
    counters.failovers += 1
    world.moveCoordinator(surviving: Int.random(in: 0...world.queue.count, using: &random))
  }

  /// The client's process ends without a word, and starts anew.
  private mutating func restart(_ index: Int) { forget(index) }

  private mutating func forget(_ index: Int) {
    clients[index].member = ""
    clients[index].generation = -1
    clients[index].mustSync = false
    clients[index].waiting = nil
  }

  private mutating func leave(_ index: Int) {
    let token = world.leave([(clients[index].member, clients[index].instance)], group: clients[index].group)
    inFlight[token] = .other
    forget(index)
  }

  private mutating func delete(_ group: String) {
    counters.deletions += 1
    doubtCommits { $0.group == group }
    inFlight[world.delete(group)] = .delete(group)
  }

  private mutating func deleteOffsets() {
    let group = Self.groups[Int.random(in: 0..<2, using: &random)]
    doubtCommits { $0.group == group }
    inFlight[world.deleteOffsets(group, partitions: [0, 1, 2])] = .delete(group)
  }

  private mutating func nonsense(_ index: Int) {
    let client = clients[index]
    let generation = Int32.random(in: -2...5, using: &random)
    inFlight[world.sync(client.group, member: client.member, generation: generation)] = .other
    inFlight[world.join(client.group, member: "nobody")] = .other
    _ = world.heartbeat(client.group, member: client.member, generation: generation, instance: "i-0")
  }

  private mutating func read(_ index: Int) {
    let group = clients[index].group
    _ = world.describe(group)
    _ = world.list()
    for partition in 0..<Int32(Self.partitions) {
      guard let known = commits[CommitKey(group: group, partition: partition)] else { continue }
      guard let offset = world.fetch(group, partition: partition) else {
        violations.append("OffsetFetch of \(group) failed")
        continue
      }
      if offset < known.acknowledged, !(offset == -1 && known.mayBeGone) {
        violations.append("\(group)-\(partition): \(known.acknowledged) was acknowledged, \(offset) is there")
      }
    }
  }

  private mutating func doubtCommits(_ isMeant: (CommitKey) -> Bool) {
    for key in commits.keys where isMeant(key) {
      commits[key]?.mayBeGone = true
      commits[key]?.acknowledged = -1
    }
  }

  // MARK: answers

  private mutating func learn() {
    // A group that is made anew after its deletion counts its generations anew.
    for record in world.log[seenBatches...].joined() where record.value == nil && leadingInt16(record.key) == 2 {
      owners = owners.filter { Array($0.key.group.utf8) != record.key.suffix(1) }
    }
    seenBatches = world.log.count
    while seenReplies < world.replyOrder.count {
      let token = world.replyOrder[seenReplies]
      seenReplies += 1
      guard let asked = inFlight.removeValue(forKey: token), let response = world.replies[token] else { continue }
      learn(token, asked, response)
    }
  }

  private mutating func learn(_ token: RequestToken, _ asked: Asked, _ response: GroupResponse) {
    switch (asked, response) {
    case (.join(let index), .joinGroup(let answer)):
      guard clients[index].waiting == token else { return }
      clients[index].waiting = nil
      joined(index, answer)
    case (.sync(let index, let generation), .syncGroup(let answer)):
      synced(index, generation, answer)
      guard clients[index].waiting == token else { return }
      clients[index].waiting = nil
      clients[index].mustSync = false
      if answer.errorCode != 0 { clients[index].generation = -1 }
      if answer.errorCode == ErrorCode.unknownMemberId.rawValue { forget(index) }
      if answer.errorCode == ErrorCode.fencedInstanceId.rawValue { forget(index) }
    case (.commit(let key, let offset), .offsetCommit(let answer)):
      guard answer.topics.first?.partitions.first?.errorCode == 0 else { return }
      counters.acknowledgedCommits += 1
      var known = commits[key] ?? Commits()
      known.acknowledged = max(known.acknowledged, offset)
      known.mayBeGone = false
      commits[key] = known
    case (.delete(let group), _):
      // Between the question and the answer commits may have come in that it took away.
      doubtCommits { $0.group == group }
    default: break
    }
  }

  private mutating func joined(_ index: Int, _ answer: JoinGroupResponse) {
    switch ErrorCode(rawValue: answer.errorCode) {
    case ErrorCode.none?:
      counters.generations += 1
      clients[index].member = answer.memberId
      clients[index].generation = answer.generationId
      clients[index].isLeader = answer.leader == answer.memberId && !answer.skipAssignment
      clients[index].peers = answer.members.map(\.memberId)
      clients[index].mustSync = true
      if clients[index].isLeader, answer.members.isEmpty {
        violations.append("leader \(answer.memberId) was told of no members")
      }
    case .memberIdRequired?: clients[index].member = answer.memberId
    case .unknownMemberId?, .fencedInstanceId?, .groupMaxSizeReached?: forget(index)
    case .rebalanceInProgress?, .coordinatorNotAvailable?, .notCoordinator?: break
    case let code: violations.append("JoinGroup answered \(String(describing: code))")
    }
  }

  /// G1: no partition has two owners in a generation. A static member is one owner, whatever its id.
  private mutating func synced(_ index: Int, _ number: Int32, _ answer: SyncGroupResponse) {
    guard answer.errorCode == 0 else { return }
    counters.assignments += 1
    let client = clients[index]
    let generation = Generation(group: client.group, generation: number)
    let owner = client.instance ?? "client \(index)"
    for partition in answer.assignment {
      if let other = owners[generation]?[Int(partition)], other != owner {
        violations.append("\(generation): partition \(partition) has two owners, \(other) and \(owner)")
      }
      owners[generation, default: [:]][Int(partition)] = owner
    }
  }
}
