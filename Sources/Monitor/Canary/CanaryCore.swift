import Primitives

/// Decides what the canary writes and reads, where, and what that says of the cluster. Pure: no clock, no I/O.
///
/// Every broker has a lane: the partition of the canary's topic that prefers it. A lane begins a round each interval
/// and goes through:
///
/// | from | to | when |
/// |---|---|---|
/// | resting | writing | the interval is over: a record goes to the partition's leader |
/// | writing | reading | it was acknowledged (acks=all) |
/// | writing, reading | waiting | an error came back, or the connection broke: the same step again in a moment |
/// | writing, reading | waiting | another broker leads now: the one that does not answer is left alone |
/// | waiting | writing, reading | the pause is over: the leader, or the next replica when that one just failed |
/// | reading | resting | the record came back, unchanged: the round is complete |
/// | any | resting | the round took longer than `requestTimeout`: it failed |
///
/// So a round's time is what a client with retries feels, from the first try to the acknowledgement, a change of
/// leader included, while each error is known by its name. A round that fails over tells nothing of its own broker.
struct CanaryCore: Sendable {
  enum Event: Sendable {
    case metadata(ClusterObservation.Metadata)
    case tick
    case wrote(Attempt, Result<Int64, CanaryError>)
    case read(Attempt, CanaryError?)
    /// A topic was made or grown, or a leader elected, or none of it: metadata tells.
    case administered
  }

  enum Effect: Sendable, Equatable {
    case write(Attempt)
    case read(Attempt, offset: Int64)
    /// The connection of this attempt is in doubt; what comes of it is not waited for.
    case abandon(Attempt)
    /// A broker's test event is late: whoever shows it should not wait for the next round.
    case tell
    case create(assignments: [[Int32]], via: Int32)
    case grow(to: Int, assignments: [[Int32]], via: Int32)
    case electPreferred(partitions: [Int32], via: Int32)
  }

  /// One request of one lane; answers to earlier ones are ignored.
  struct Attempt: Sendable, Hashable {
    var lane: Int32
    var number: Int
    var partition: Int32
    var target: Int32
    /// What is written, and must be read back.
    var token: Int64
  }

  struct Lane: Sendable {
    var broker: Int32
    var partition: Int32
    var replicas: [Int32]
    var leader: Int32
    var round: Round?
    var next: Instant
    var lastRound: Outcome?
    /// Its lateness was told; it came through none since.
    var isKnownLate = false
  }

  enum Step: Sendable, Equatable {
    case write
    case read(offset: Int64)
  }

  struct Round: Sendable {
    var began: Instant
    var beganAt: Int64
    var token: Int64
    var step = Step.write
    /// The request under way; nil while waiting.
    var attempt: Attempt?
    var retryAt = Instant.zero
    /// How many brokers were asked in vain for this step.
    var tries = 0
    /// Whether another than the lane's broker was asked.
    var wentElsewhere = false
    var acknowledged: TimeSpan?
    var lastError: CanaryError?
  }

  struct Outcome: Sendable {
    var ended: Instant
    var at: Int64
    var produce: TimeSpan?
    var endToEnd: TimeSpan?
    var throughOwnBroker: Bool
    var error: CanaryError?
  }

  /// How long before a failed step is tried again.
  static let pause = TimeSpan.milliseconds(100)
  /// How long brokers must be the same before the topic is made or grown for them: not while a cluster starts, or
  /// the topic would have fewer replicas than the cluster can give for good.
  static let settling = TimeSpan.seconds(3)
  /// The same with fewer brokers than a partition's three replicas want.
  static let settlingOfFew = TimeSpan.seconds(10)
  /// Between two requests to an administrator about the same thing.
  static let administrationInterval = TimeSpan.seconds(5)
  /// What percentiles look back on.
  static let window = TimeSpan.seconds(10)

  let settings: CanarySettings
  /// By broker.
  var lanes: [Int32: Lane] = [:]
  /// A round that failed took as long as it was tried.
  var samples: [(ended: Instant, produce: TimeSpan, endToEnd: TimeSpan)] = []
  var brokers: [Int32] = []
  var brokersSince = Instant.zero
  var administeredAt: Instant?
  var administrations = 0
  private var attemptsMade = 0

  init(settings: CanarySettings) { self.settings = settings }

  /// `wall`: milliseconds since 1970, for what is shown.
  mutating func handle(_ event: Event, at now: Instant, wall: Int64, into effects: inout [Effect]) {
    switch event {
    case .metadata(let metadata): learn(metadata, at: now, into: &effects)
    case .tick: for id in lanes.keys.sorted() { tick(id, at: now, wall: wall, into: &effects) }
    case .wrote(let attempt, let result): wrote(attempt, result, at: now, wall: wall, into: &effects)
    case .read(let attempt, let error): read(attempt, error, at: now, wall: wall, into: &effects)
    case .administered: break
    }
    samples.removeAll { now - $0.ended > Self.window }
  }

  // MARK: - Rounds

  private mutating func tick(_ id: Int32, at now: Instant, wall: Int64, into effects: inout [Effect]) {
    guard var lane = lanes[id] else { return }
    defer { lanes[id] = lane }
    guard let round = lane.round else {
      guard now >= lane.next else { return }
      lane.round = Round(began: now, beganAt: wall, token: wall &* 1_000 &+ Int64(id))
      lane.next = lane.next + .milliseconds(settings.interval)
      // Rounds that were missed are not made up for.
      if lane.next <= now { lane.next = now + .milliseconds(settings.interval) }
      return start(&lane, at: now, into: &effects)
    }
    if now - round.began >= .milliseconds(settings.requestTimeout) {
      if let attempt = round.attempt { effects.append(.abandon(attempt)) }
      return end(&lane, error: round.lastError ?? .noAnswer, at: now, wall: wall)
    }
    if now - round.began > .milliseconds(settings.patience), !lane.isKnownLate {
      lane.isKnownLate = true
      effects.append(.tell)
    }
    if round.attempt == nil, now >= round.retryAt { start(&lane, at: now, into: &effects) }
  }

  private mutating func start(_ lane: inout Lane, at now: Instant, into effects: inout [Effect]) {
    guard var round = lane.round else { return }
    attemptsMade += 1
    let target = target(of: lane, tries: round.tries)
    let attempt = Attempt(
      lane: lane.broker, number: attemptsMade, partition: lane.partition, target: target, token: round.token)
    round.attempt = attempt
    if target != lane.broker { round.wentElsewhere = true }
    lane.round = round
    switch round.step {
    case .write: effects.append(.write(attempt))
    case .read(let offset): effects.append(.read(attempt, offset: offset))
    }
  }

  /// The leader as metadata has it, then every replica in turn: one of them leads, or will.
  private func target(of lane: Lane, tries: Int) -> Int32 {
    let leader = lane.leader >= 0 ? lane.leader : lane.broker
    let order = [leader] + lane.replicas.filter { $0 != leader }
    return order[tries % order.count]
  }

  private mutating func wrote(
    _ attempt: Attempt, _ result: Result<Int64, CanaryError>, at now: Instant, wall: Int64,
    into effects: inout [Effect]
  ) {
    guard var lane = lanes[attempt.lane], lane.round?.attempt == attempt else { return }
    defer { lanes[attempt.lane] = lane }
    switch result {
    case .success(let offset):
      if let began = lane.round?.began { lane.round?.acknowledged = now - began }
      lane.round?.step = .read(offset: offset)
      lane.round?.tries = 0
      lane.leader = attempt.target
      start(&lane, at: now, into: &effects)
    case .failure(let error): wait(&lane, error, at: now)
    }
  }

  private mutating func read(
    _ attempt: Attempt, _ error: CanaryError?, at now: Instant, wall: Int64, into effects: inout [Effect]
  ) {
    guard var lane = lanes[attempt.lane], lane.round?.attempt == attempt else { return }
    defer { lanes[attempt.lane] = lane }
    if let error { wait(&lane, error, at: now) } else { end(&lane, error: nil, at: now, wall: wall) }
  }

  private func wait(_ lane: inout Lane, _ error: CanaryError, at now: Instant) {
    lane.round?.attempt = nil
    // Asking around for the leader does not hide why it was asked for.
    if error != .notLeader || lane.round?.lastError == nil { lane.round?.lastError = error }
    if error.meansElsewhere { lane.round?.tries += 1 }
    lane.round?.retryAt = now + Self.pause
  }

  private mutating func end(_ lane: inout Lane, error: CanaryError?, at now: Instant, wall: Int64) {
    guard let round = lane.round else { return }
    let took = now - round.began
    samples.append((now, round.acknowledged ?? took, took))
    lane.lastRound = Outcome(
      ended: now, at: wall, produce: round.acknowledged, endToEnd: error == nil ? took : nil,
      throughOwnBroker: !round.wentElsewhere, error: error)
    if error == nil { lane.isKnownLate = false }
    lane.round = nil
  }
}

/// Why a step of the canary failed: Kafka's name of a code, or what the connection said.
struct CanaryError: Error, Sendable, Equatable, CustomStringConvertible {
  var description: String
  /// Whether another broker may do better: this one is not there, or does not lead.
  var meansElsewhere = false

  static let notLeader = CanaryError(description: "NOT_LEADER_OR_FOLLOWER", meansElsewhere: true)
  static let noAnswer = CanaryError(description: "no answer")
  /// What was read is not what was written.
  static let mismatch = CanaryError(description: "another record came back")
}
