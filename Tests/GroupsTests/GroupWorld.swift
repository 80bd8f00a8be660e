import Primitives
import Testing
import Wire

@testable import Groups

/// A shard with the log below it, the clock beside it and the clients above it.
///
/// After every event it checks what must always hold: each request is answered at most once, stored records can be
/// read, memory is what a replay of the replicated log gives, and a stable group is as its record says.
struct GroupWorld {
  struct Batch {
    var token: AppendToken
    var records: [GroupRecord]
    var isInDoubt = false
  }

  private(set) var shard: GroupShard
  private(set) var now = Instant.zero
  var wallClockMs: Int64 { 1_700_000_000_000 + now.nanoseconds / 1_000_000 }
  /// Replicated batches.
  private(set) var log: [[GroupRecord]] = []
  /// Appended and not yet replicated, oldest first.
  private(set) var queue: [Batch] = []
  /// What a batch meets when it is appended; nil keeps it in the queue.
  var appendOutcome: ErrorCode? = ErrorCode.none
  private(set) var replies: [RequestToken: GroupResponse] = [:]
  private(set) var replyOrder: [RequestToken] = []
  private(set) var outstanding: Set<RequestToken> = []
  private(set) var violations: [String] = []
  private var nextToken: RequestToken = 1
  /// What the log says, and up to where it has been read.
  private var replayed: [String: Stored] = [:]
  private var foldedBatches = 0
  private(set) var epoch: Int32 = 0
  let seed: UInt64

  static func configuration(_ change: (inout GroupConfiguration) -> Void = { _ in }) -> GroupConfiguration {
    var configuration = GroupConfiguration()
    configuration.groupInitialRebalanceDelayMs = 0
    change(&configuration)
    return configuration
  }

  /// - Parameter loads: the shard has read its (empty) log and serves.
  init(seed: UInt64 = 1, loads: Bool = true, _ change: (inout GroupConfiguration) -> Void = { _ in }) {
    self.seed = seed
    shard = GroupShard(configuration: Self.configuration(change), random: RandomSource(seed: seed))
    if loads { perform(.loaded(epoch: LeaderEpoch(epoch))) }
  }

  // MARK: events

  mutating func perform(_ event: GroupEvent) {
    var effects: [GroupEffect] = []
    shard.handle(event, at: now, wallClockMs: wallClockMs, into: &effects)
    var appended: [AppendToken] = []
    for effect in effects {
      switch effect {
      case .reply(let token, let response):
        if outstanding.remove(token) == nil { violations.append("request \(token) answered twice: \(response)") }
        replies[token] = response
        replyOrder.append(token)
      case .append(let token, let records):
        if records.isEmpty { violations.append("empty batch \(token)") }
        queue.append(Batch(token: token, records: records))
        appended.append(token)
      case .unreadableRecord(let reason): violations.append("unreadable record: \(reason)")
      }
    }
    check()
    if let appendOutcome {
      for token in appended { end(token, appendOutcome) }
    }
  }

  /// Ends (or puts in doubt) a batch of the queue.
  mutating func end(_ token: AppendToken, _ code: ErrorCode) {
    if code == .none {
      // Results come in order; only of what is in doubt there may be no other word than a later success.
      while let first = queue.first(where: { !$0.isInDoubt }), first.token < token { end(first.token, .none) }
    }
    guard let index = queue.firstIndex(where: { $0.token == token }) else { return }
    switch code {
    case .none:
      log += queue[...index].map(\.records)
      queue.removeFirst(index + 1)
    case .requestTimedOut, .notEnoughReplicasAfterAppend: queue[index].isInDoubt = true
    default: queue.remove(at: index)
    }
    perform(.appendResult(token, code))
  }

  /// Ends the oldest batch.
  mutating func endFirst(_ code: ErrorCode = .none) {
    if let first = queue.first { end(first.token, code) }
  }

  mutating func send(
    _ request: GroupRequest, version: Int16, clientID: String = "client", host: String = "/127.0.0.1"
  ) -> RequestToken {
    let token = nextToken
    nextToken += 1
    outstanding.insert(token)
    perform(.request(token: token, request, .init(version: version, clientID: clientID, clientHost: host)))
    return token
  }

  /// Lets time pass, firing timers when they are due.
  mutating func advance(_ milliseconds: Int64) {
    let end = now + .milliseconds(milliseconds)
    var rounds = 0
    while let deadline = shard.nextDeadline, deadline <= end {
      now = max(now, deadline)
      perform(.timer)
      rounds += 1
      if rounds > 100_000 {
        violations.append("the clock stands still at \(now)")
        return
      }
    }
    now = end
  }

  /// The coordinator moves: of what is not yet replicated the new leader has the first `surviving` batches.
  mutating func moveCoordinator(surviving: Int = 0) {
    perform(.unload)
    if !outstanding.isEmpty { violations.append("not answered at unload: \(outstanding.sorted())") }
    log += queue.prefix(surviving).map(\.records)
    queue = []
    epoch += 1
    perform(.load(epoch: LeaderEpoch(epoch)))
    for record in log.joined() { perform(.replay(key: record.key, value: record.value, timestamp: wallClockMs)) }
    perform(.loaded(epoch: LeaderEpoch(epoch)))
  }

  // MARK: invariants

  private mutating func check() {
    guard shard.servingEpoch != nil else { return }
    Self.fold(log[foldedBatches...].joined(), into: &replayed)
    foldedBatches = log.count
    let held = Self.storedState(of: shard)
    if replayed != held { violations.append("memory \(held)\nis not the log's \(replayed)") }
    for group in shard.groups.values where group.state == .stable && group.openAppends.isEmpty {
      guard let stored = group.stored else {
        violations.append("stable group \(group.id) is not in the log")
        continue
      }
      let current = group.metadata { $0.assignment }
      if current != stored { violations.append("stable group \(current)\nis not as stored \(stored)") }
    }
  }

  struct Stored: Equatable {
    var metadata: GroupMetadataValue?
    var offsets: [String: [Int32: CommittedOffset]]
  }

  static func storedState(of shard: GroupShard) -> [String: Stored] {
    shard.groups.filter { $0.value.stored != nil || !$0.value.offsets.isEmpty }
      .mapValues { Stored(metadata: $0.stored, offsets: $0.offsets) }
  }

  /// What the log says, read without the shard: the last record of each key counts.
  static func fold(_ records: some Sequence<GroupRecord>, into state: inout [String: Stored]) {
    for record in records {
      do throws(DecodeError) {
        guard let type = leadingInt16(record.key) else { throw .truncated(at: 0) }
        if type == OffsetCommitKey.type {
          let key = try OffsetCommitKey.decode(Array(record.key[2...]), version: 0)
          var group = state[key.group] ?? Stored(metadata: nil, offsets: [:])
          var offset: CommittedOffset?
          if let value = record.value { offset = CommittedOffset(try OffsetCommitValue.decodeWithVersionPrefix(value)) }
          group.offsets[key.topic, default: [:]][key.partition] = offset
          if group.offsets[key.topic]?.isEmpty == true { group.offsets[key.topic] = nil }
          state[key.group] = group
        } else {
          let key = try GroupMetadataKey.decode(Array(record.key[2...]), version: 0)
          var group = state[key.group] ?? Stored(metadata: nil, offsets: [:])
          group.metadata = nil
          if let value = record.value { group.metadata = try GroupMetadataValue.decodeWithVersionPrefix(value) }
          state[key.group] = group
        }
      } catch {
        Issue.record("record \(record) cannot be read: \(error)")
      }
    }
    state = state.filter { $0.value.metadata != nil || !$0.value.offsets.isEmpty }
  }
}
