import Primitives
import Testing
import Wire

@testable import Groups

/// One request of each kind.
private func requests(group: String) -> [(GroupRequest, Int16)] {
  var join = JoinGroupRequest()
  join.groupId = group
  join.sessionTimeoutMs = 10_000
  var sync = SyncGroupRequest()
  sync.groupId = group
  var leave = LeaveGroupRequest()
  leave.groupId = group
  leave.members = [.init()]
  var partition = OffsetCommitRequest.OffsetCommitRequestPartition()
  partition.partitionIndex = 1
  var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
  topic.name = "t"
  topic.partitions = [partition]
  var commit = OffsetCommitRequest()
  commit.groupId = group
  commit.topics = [topic]
  var fetch = OffsetFetchRequest()
  var asked = OffsetFetchRequest.OffsetFetchRequestGroup()
  asked.groupId = group
  fetch.groups = [asked]
  fetch.groupId = group
  var delete = OffsetDeleteRequest()
  delete.groupId = group
  return [
    (.joinGroup(join), 9), (.syncGroup(sync), 5), (.leaveGroup(leave), 5), (.offsetCommit(commit), 9),
    (.offsetFetch(fetch), 9), (.offsetFetch(fetch), 5), (.describeGroup(group), 6), (.deleteGroup(group), 2),
    (.offsetDelete(delete), 0), (.listGroups(.init()), 5),
  ]
}

@Test func everyRequestIsRefusedWhileTheShardLoads() {
  var world = GroupWorld(loads: false)
  for (request, version) in requests(group: "g") {
    let token = world.send(request, version: version)
    #expect(world.error(token) == .coordinatorLoadInProgress, "\(request)")
  }
  // A heartbeat is answered blindly: the member is not to blame.
  #expect(world.heartbeat(member: "m", generation: 1) == ErrorCode.none)
  #expect(world.shard.servingEpoch == nil)
  #expect(world.shard.nextDeadline == nil)
}

@Test func everyRequestIsRefusedOnceTheShardIsUnloaded() {
  var world = GroupWorld()
  world.perform(.unload)
  for (request, version) in requests(group: "g") {
    let token = world.send(request, version: version)
    #expect(world.error(token) == .notCoordinator, "\(request)")
  }
  #expect(world.heartbeat(member: "m", generation: 1) == .notCoordinator)
  #expect(world.shard.nextDeadline == nil)
}

@Test func version1OfOffsetFetchIsRefusedPartitionByPartition() throws {
  var world = GroupWorld(loads: false)
  var topic = OffsetFetchRequest.OffsetFetchRequestTopic()
  topic.name = "t"
  topic.partitionIndexes = [0, 1]
  var request = OffsetFetchRequest()
  request.groupId = "g"
  request.topics = [topic]
  let token = world.send(.offsetFetch(request), version: 1)
  guard case .offsetFetch(let response) = try #require(world.replies[token]) else { return }
  #expect(response.topics[0].partitions.map(\.errorCode) == [14, 14])
  #expect(response.topics[0].partitions.map(\.committedOffset) == [-1, -1])
}

/// Goal: nobody is left without an answer when the coordinator moves. Method: a request of every kind that can wait.
@Test func whoWaitsIsToldWhenTheCoordinatorMoves() {
  var world = GroupWorld()
  let stable = world.stableGroup("joining")
  let (join, _) = world.joinNew("joining")
  #expect(world.isWaiting(join))
  let pair = world.stableGroup("syncing", members: 2)
  var joins: [RequestToken] = []
  for member in pair.members.reversed() {
    joins.append(world.join("syncing", member: member, topics: ["t", "u"]))
  }
  let generation = world.joined(joins[1]).generationId
  let follower = pair.members.first { $0 != world.joined(joins[1]).leader } ?? ""
  let sync = world.sync("syncing", member: follower, generation: generation)
  let alone = world.stableGroup("leaving")
  _ = world.commit("deleted", offset: 1)
  world.appendOutcome = nil
  let leave = world.leave([(alone.leader, nil)], group: "leaving")
  let commit = world.commit("committing", offset: 1)
  let delete = world.delete("deleted")
  let deferred = world.commit("deleted", offset: 2)
  let waiting = [join, sync, leave, commit, delete, deferred]
  for token in waiting { #expect(world.isWaiting(token)) }
  world.moveCoordinator()
  for token in waiting { #expect(world.error(token) == .notCoordinator) }
  #expect(world.heartbeat("joining", member: stable.leader, generation: stable.generation) == ErrorCode.none)
  #expect(world.violations == [])
}

@Test func nextCoordinatorKnowsWhatClientsWereTold() {
  var world = GroupWorld()
  let group = world.stableGroup(members: 3)
  for (index, member) in group.members.enumerated() {
    _ = world.commit(member: member, generation: group.generation, partition: Int32(index), offset: 100)
  }
  let before = world.describe()
  world.moveCoordinator()
  #expect(world.describe() == before)
  for (index, member) in group.members.enumerated() {
    #expect(world.heartbeat(member: member, generation: group.generation) == ErrorCode.none)
    let sync = world.sync(member: member, generation: group.generation)
    #expect(world.synced(sync).assignment == [UInt8(index)])
    #expect(world.fetch(partition: Int32(index)) == 100)
  }
  // Sessions begin anew with the new coordinator, and end there.
  world.advance(9_999)
  #expect(world.state() == "Stable")
  world.advance(1)
  #expect(world.state() == "Empty")
  #expect(world.violations == [])
}

@Test func loadedGroupThatIsTooLargeRebalances() {
  var world = GroupWorld()
  _ = world.stableGroup(members: 3)
  var shard = GroupShard(
    configuration: GroupWorld.configuration { $0.groupMaxSize = 2 }, random: RandomSource(seed: 1))
  var effects: [GroupEffect] = []
  for record in world.log.joined() {
    shard.handle(
      .replay(key: record.key, value: record.value, timestamp: 0), at: .zero, wallClockMs: 0, into: &effects)
  }
  shard.handle(.loaded(epoch: .zero), at: .zero, wallClockMs: 0, into: &effects)
  #expect(shard.describe("g", version: 6).groupState == "PreparingRebalance")
}

@Test func resultsOfAnEarlierLeadershipMeanNothing() throws {
  var world = GroupWorld()
  world.appendOutcome = nil
  _ = world.commit(offset: 1)
  let old = try #require(world.queue.first?.token)
  world.moveCoordinator()
  let commit = world.commit(offset: 2)
  let new = try #require(world.queue.first?.token)
  #expect(old != new)
  world.perform(.appendResult(old, .none))
  #expect(world.isWaiting(commit))
  #expect(world.fetch() == -1)
}

@Test func appendRefusedForLostLeadershipUnloadsTheShard() {
  var world = GroupWorld()
  let group = world.stableGroup()
  let (join, _) = world.joinNew()
  world.appendOutcome = .notLeaderOrFollower
  let commit = world.commit(member: group.leader, generation: group.generation, offset: 1)
  #expect(world.error(commit) == .notCoordinator)
  #expect(world.error(join) == .notCoordinator)
  #expect(world.shard.servingEpoch == nil)
  world.moveCoordinator()
  #expect(world.state() == "Stable")
}

/// Records of other coordinators share the topic, and a log may hold what nobody can read: neither may stop a load.
@Test func strangeRecordsDoNotStopALoad() {
  var shard = GroupShard(configuration: .init(), random: RandomSource(seed: 1))
  var effects: [GroupEffect] = []
  var key = GroupMetadataKey()
  key.group = "g"
  let metadata = key.encodedWithPrefix(2, version: 0)
  let records: [([UInt8], [UInt8]?)] = [
    ([], nil), ([0], nil), ([0, 1], [0, 4]), ([0, 3, 0, 1, 103], [0, 0, 0, 0, 0, 1]), ([0, 99], []),
    (metadata, [0, 77]), (metadata, [0, 3, 0xff]), (metadata, []), ([0, 2, 0x7f, 0xff], nil),
  ]
  for (key, value) in records {
    shard.handle(.replay(key: key, value: value, timestamp: 0), at: .zero, wallClockMs: 0, into: &effects)
  }
  // Types 3 and 99 belong to others; the other seven are noise.
  let unreadable = effects.filter { if case .unreadableRecord = $0 { true } else { false } }
  #expect(unreadable.count == 7)
  #expect(effects.count == 7)
  shard.handle(.loaded(epoch: .zero), at: .zero, wallClockMs: 0, into: &effects)
  #expect(shard.list(.init()).groups.isEmpty)
}

/// Goal: no stored bytes, however damaged, may stop the process. Method: real records with bytes changed, cut and
/// added.
@Test func damagedRecordsNeverTrap() {
  var world = GroupWorld()
  _ = world.stableGroup(members: 3)
  _ = world.commit("simple", offset: 5)
  let records = Array(world.log.joined())
  var random = RandomSource(seed: 99)
  for _ in 0..<300 {
    var shard = GroupShard(configuration: GroupWorld.configuration(), random: random.stream("shard"))
    var effects: [GroupEffect] = []
    for record in records {
      var key = record.key
      var value = record.value ?? []
      for _ in 0..<Int.random(in: 0...3, using: &random) where !value.isEmpty {
        let index = Int.random(in: 0..<value.count, using: &random)
        value[index] = UInt8.random(in: 0...255, using: &random)
      }
      if random.chance(0.2) { key[Int.random(in: 0..<key.count, using: &random)] = 0xff }
      if random.chance(0.2) { value.removeLast(Int.random(in: 0...value.count, using: &random)) }
      shard.handle(.replay(key: key, value: value, timestamp: 0), at: .zero, wallClockMs: 0, into: &effects)
    }
    shard.handle(.loaded(epoch: .zero), at: .zero, wallClockMs: 0, into: &effects)
    var now = Instant.zero
    for _ in 0..<50 {
      guard let next = shard.nextDeadline, next < .milliseconds(3_600_000) else { break }
      now = max(now, next)
      shard.handle(.timer, at: now, wallClockMs: now.nanoseconds / 1_000_000, into: &effects)
    }
    #expect(shard.servingEpoch == .zero)
  }
}

@Test func groupTombstoneCountsInAReplay() {
  var world = GroupWorld()
  let group = world.stableGroup()
  _ = world.leave([(group.leader, nil)])
  _ = world.delete()
  #expect(world.list().groups.isEmpty)
  // After compaction only the tombstone is left; then not even that.
  let last = world.log.last ?? []
  for records in [last, []] {
    var shard = GroupShard(configuration: .init(), random: RandomSource(seed: 1))
    var effects: [GroupEffect] = []
    for record in records {
      shard.handle(
        .replay(key: record.key, value: record.value, timestamp: 0), at: .zero, wallClockMs: 0, into: &effects)
    }
    shard.handle(.loaded(epoch: .zero), at: .zero, wallClockMs: 0, into: &effects)
    #expect(shard.list(.init()).groups.isEmpty)
  }
}
