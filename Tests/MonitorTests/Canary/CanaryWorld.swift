import Primitives
import Records

@testable import Monitor

extension CanaryCoreTests {
  static func batch(_ token: Int64, at offset: Int64) throws -> [UInt8] {
    var builder = RecordBatchBuilder(baseOffset: Offset(offset))
    builder.append(key: nil, value: CanaryRequests.value(token), timestamp: 0)
    return try builder.build()
  }

  /// Brokers for the canary's core, in steps of a millisecond: a write takes ten, a read five, metadata comes once a
  /// second.
  struct World {
    var core = CanaryCore(settings: CanarySettings())
    var now = Instant.milliseconds(0)
    var hasTopic = true
    var brokers: [Int32] = [1, 2, 3]
    var replicas: [[Int32]] = [[1, 2, 3], [2, 3, 1], [3, 1, 2]]
    var leaders: [Int32] = [1, 2, 3]
    /// Whether metadata shows the leaders as they are, or as they were.
    var publishes = true
    var silent: Set<Int32> = []
    var errors: [Int32: String] = [:]
    var readsBackWrongly = false

    var writes: [CanaryCore.Attempt] = []
    var abandoned: [CanaryCore.Attempt] = []
    var creations: [[[Int32]]] = []
    var growths: [Int] = []
    var grown: [[Int32]] = []
    var elections: [[Int32]] = []
    /// When it asked to be shown at once.
    var tellings: [Instant] = []

    private var pending: [(due: Instant, attempt: CanaryCore.Attempt, reads: Bool)] = []
    private var published: [Int32] = [1, 2, 3]

    var view: CanaryView { core.view(at: now) }

    mutating func run(milliseconds: Int) {
      for _ in 0..<milliseconds {
        if now.nanoseconds % 1_000_000_000 == 0 { give(.metadata(metadata())) }
        answer()
        give(.tick)
        now = now + .milliseconds(1)
      }
    }

    private mutating func metadata() -> ClusterObservation.Metadata {
      if publishes { published = leaders }
      let partitions = replicas.enumerated().map { index, replicas in
        PartitionMap.Partition(
          id: Int32(index), leader: published[index], leaderEpoch: 0, replicas: replicas, isr: replicas, offline: [])
      }
      let topic = PartitionMap.Topic(name: "streamsocial-canary", isInternal: false, minISR: 2, partitions: partitions)
      return ClusterObservation.Metadata(
        clusterID: nil, controller: 1, brokers: brokers.map { .init(id: $0, host: "h", port: 1) },
        topics: hasTopic ? [topic] : [])
    }

    private mutating func answer() {
      for entry in pending where entry.due <= now && !silent.contains(entry.attempt.target) {
        pending.removeAll { $0.attempt == entry.attempt }
        let attempt = entry.attempt
        var failure = errors[attempt.target].map {
          CanaryError(description: $0, meansElsewhere: $0 == "connection refused")
        }
        if failure == nil, leaders[Int(attempt.partition)] != attempt.target {
          failure = .notLeader
        }
        if entry.reads {
          give(.read(attempt, failure ?? (readsBackWrongly ? .mismatch : nil)))
        } else {
          give(.wrote(attempt, failure.map { .failure($0) } ?? .success(5)))
        }
      }
    }

    private mutating func give(_ event: CanaryCore.Event) {
      var effects: [CanaryCore.Effect] = []
      core.handle(event, at: now, wall: now.nanoseconds / 1_000_000, into: &effects)
      for effect in effects {
        switch effect {
        case .write(let attempt):
          writes.append(attempt)
          pending.append((now + .milliseconds(10), attempt, false))
        case .read(let attempt, _): pending.append((now + .milliseconds(5), attempt, true))
        case .abandon(let attempt): abandoned.append(attempt)
        case .tell: tellings.append(now)
        case .create(let assignments, _): creations.append(assignments)
        case .grow(let count, let assignments, _):
          growths.append(count)
          grown += assignments
        case .electPreferred(let partitions, _): elections.append(partitions)
        }
      }
    }
  }
}
