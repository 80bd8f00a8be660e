import Primitives
import Testing
import Wire

@testable import Groups

/// Goal: whatever happens, memory is what a replay of the replicated log gives, and no partition has two owners in one
/// generation. Method: clients that follow the protocol, appends that succeed, fail or stay in doubt, silence, and
/// coordinators that move, all drawn from one seed.
@Test func randomHistoriesReplayToTheSameStateAndGiveEachPartitionOneOwner() {
  var total = RandomHistory.Counts()
  for seed: UInt64 in 1...100 {
    var history = RandomHistory(seed: seed)
    for step in 0..<300 {
      history.step()
      guard history.violations.isEmpty else {
        Issue.record("seed \(seed), step \(step): \(history.violations)")
        return
      }
    }
    total.assignments += history.counts.assignments
    total.commits += history.counts.commits
    total.failures += history.counts.failures
    total.moves += history.counts.moves
  }
  // The histories must contain what they are about.
  #expect(total.assignments > 500)
  #expect(total.commits > 500)
  #expect(total.failures > 100)
  #expect(total.moves > 100)
}

private struct RandomHistory {
  struct Counts { var assignments = 0, commits = 0, failures = 0, moves = 0 }
  struct Client {
    enum State {
      case idle, joining
      case joined(JoinGroupResponse)
      case syncing, member
    }
    var id = "", generation: Int32 = -1, state = State.idle
  }
  struct Batch { var token: AppendToken, records: [GroupRecord], isInDoubt = false }
  struct Stored: Equatable { var metadata: GroupMetadataValue?, offsets: [String: [Int32: CommittedOffset]] }

  var shard: GroupShard
  var random: RandomSource
  var now = Instant.zero, epoch: Int32 = 0
  var log: [GroupRecord] = []
  var queue: [Batch] = []
  var clients = Array(repeating: Client(), count: 4)
  var asked: [RequestToken: Int] = [:]
  var nextToken: RequestToken = 1
  var owners: [Int32: [UInt8: String]] = [:]
  var violations: [String] = [], counts = Counts()

  init(seed: UInt64) {
    random = RandomSource(seed: seed)
    shard = GroupShard(configuration: Self.configuration, random: random.stream("shard"))
    perform(.loaded(epoch: LeaderEpoch(0)))
  }

  static var configuration: GroupConfiguration {
    var configuration = GroupConfiguration()
    configuration.groupInitialRebalanceDelayMs = 0
    return configuration
  }

  mutating func step() {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<60: act(Int.random(in: clients.indices, using: &random))
    case 60..<85: endAppend()
    case 85..<98:
      now = now + .milliseconds(Int64.random(in: 0...3000, using: &random))
      perform(.timer)
    default: moveCoordinator()
    }
    if Self.stored(shard) != replayed() { violations.append("memory is not what the log gives") }
  }

  mutating func act(_ index: Int) {
    let client = clients[index]
    switch client.state {
    case .joining, .syncing: return
    case .idle:
      var request = JoinGroupRequest()
      request.groupId = "g"
      request.memberId = client.id
      request.protocolType = "consumer"
      request.sessionTimeoutMs = 10_000
      request.rebalanceTimeoutMs = 20_000
      var offered = JoinGroupRequest.JoinGroupRequestProtocol()
      offered.name = "range"
      request.protocols = [offered]
      clients[index].state = .joining
      send(.joinGroup(request), 9, from: index)
    case .joined(let join):
      var request = SyncGroupRequest()
      request.groupId = "g"
      request.memberId = client.id
      request.generationId = join.generationId
      let count = join.members.count
      request.assignments = join.members.enumerated().map { position, member in
        var entry = SyncGroupRequest.SyncGroupRequestAssignment()
        entry.memberId = member.memberId
        entry.assignment = (0..<8).filter { $0 % count == position }.map { UInt8($0) }
        return entry
      }
      clients[index].generation = join.generationId
      clients[index].state = .syncing
      send(.syncGroup(request), 5, from: index)
    case .member: actAsMember(index, client)
    }
  }

  mutating func actAsMember(_ index: Int, _ client: Client) {
    switch Int.random(in: 0..<10, using: &random) {
    case 0:
      var identity = LeaveGroupRequest.MemberIdentity()
      identity.memberId = client.id
      var request = LeaveGroupRequest()
      request.groupId = "g"
      request.members = [identity]
      clients[index] = Client()
      send(.leaveGroup(request), 5, from: index)
    case 1..<6:
      var request = HeartbeatRequest()
      request.groupId = "g"
      request.memberId = client.id
      request.generationId = client.generation
      send(.heartbeat(request), 4, from: index)
    default:
      var partition = OffsetCommitRequest.OffsetCommitRequestPartition()
      partition.partitionIndex = Int32.random(in: 0..<8, using: &random)
      partition.committedOffset = Int64.random(in: 0..<1000, using: &random)
      var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
      topic.name = "t"
      topic.partitions = [partition]
      var request = OffsetCommitRequest()
      request.groupId = "g"
      request.memberId = client.id
      request.generationIdOrMemberEpoch = client.generation
      request.topics = [topic]
      send(.offsetCommit(request), 9, from: index)
    }
  }

  mutating func send(_ request: GroupRequest, _ version: Int16, from index: Int) {
    let token = nextToken
    nextToken += 1
    asked[token] = index
    perform(.request(token: token, request, .init(version: version, clientID: "c", clientHost: "/127.0.0.1")))
  }

  mutating func perform(_ event: GroupEvent) {
    var effects: [GroupEffect] = []
    shard.handle(event, at: now, wallClockMs: 1_700_000_000_000 + now.nanoseconds / 1_000_000, into: &effects)
    for effect in effects {
      switch effect {
      case .append(let token, let records): queue.append(Batch(token: token, records: records))
      case .unreadableRecord(let reason): violations.append(reason)
      case .reply(let token, let response):
        guard let index = asked.removeValue(forKey: token) else {
          violations.append("request \(token) answered twice")
          continue
        }
        receive(response, index)
      }
    }
  }

  mutating func receive(_ response: GroupResponse, _ index: Int) {
    switch response {
    case .joinGroup(let join):
      if join.errorCode == 0 {
        clients[index].id = join.memberId
        clients[index].state = .joined(join)
      } else {
        failed(join.errorCode, index)
        if join.errorCode == ErrorCode.memberIdRequired.rawValue { clients[index].id = join.memberId }
      }
    case .syncGroup(let sync):
      guard sync.errorCode == 0, case .syncing = clients[index].state else { return failed(sync.errorCode, index) }
      counts.assignments += 1
      let client = clients[index]
      for partition in sync.assignment {
        let owner = owners[client.generation]?[partition] ?? client.id
        if owner != client.id {
          violations.append("generation \(client.generation): \(partition) is of \(owner) and \(client.id)")
        }
        owners[client.generation, default: [:]][partition] = client.id
      }
      clients[index].state = .member
    case .heartbeat(let heartbeat): if heartbeat.errorCode != 0 { failed(heartbeat.errorCode, index) }
    case .offsetCommit(let commit):
      let code = commit.topics.first?.partitions.first?.errorCode ?? 0
      if code == 0 { counts.commits += 1 } else if case .member = clients[index].state { failed(code, index) }
    default: break
    }
  }

  mutating func failed(_ code: Int16, _ index: Int) {
    clients[index].state = .idle
    if code == ErrorCode.unknownMemberId.rawValue { clients[index].id = "" }
  }

  /// Ends the oldest append whose outcome is open.
  mutating func endAppend() {
    guard let index = queue.firstIndex(where: { !$0.isInDoubt }) else { return }
    let token = queue[index].token
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<88:
      log += queue[...index].flatMap(\.records)
      queue.removeFirst(index + 1)
      perform(.appendResult(token, .none))
    case 88..<94:
      counts.failures += 1
      queue.remove(at: index)
      perform(.appendResult(token, .notEnoughReplicas))
    default:
      counts.failures += 1
      queue[index].isInDoubt = true
      perform(.appendResult(token, .requestTimedOut))
    }
  }

  /// The next leader has some of what was not yet replicated, in order.
  mutating func moveCoordinator() {
    counts.moves += 1
    perform(.unload)
    if !asked.isEmpty { violations.append("requests \(asked.keys.sorted()) were left without an answer") }
    log += queue.prefix(Int.random(in: 0...queue.count, using: &random)).flatMap(\.records)
    queue = []
    epoch += 1
    perform(.load(epoch: LeaderEpoch(epoch)))
    for record in log { perform(.replay(key: record.key, value: record.value, timestamp: 0)) }
    perform(.loaded(epoch: LeaderEpoch(epoch)))
  }

  func replayed() -> [String: Stored] {
    var fresh = GroupShard(configuration: Self.configuration, random: RandomSource(seed: 0))
    var effects: [GroupEffect] = []
    for record in log {
      fresh.handle(
        .replay(key: record.key, value: record.value, timestamp: 0), at: now, wallClockMs: 0, into: &effects)
    }
    return Self.stored(fresh)
  }

  static func stored(_ shard: GroupShard) -> [String: Stored] {
    shard.groups.filter { $0.value.stored != nil || !$0.value.offsets.isEmpty }
      .mapValues { Stored(metadata: $0.stored, offsets: $0.offsets) }
  }
}
