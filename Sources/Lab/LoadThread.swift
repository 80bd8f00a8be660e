import KafkaClient
import Social
import Synchronization

/// What the checker needs to know of an event that was sent.
package struct SentEvent: Sendable {
  package var key: Int32
  /// Numbered through over all topics.
  package var partition: Int32

  package init(key: Int32, partition: Int32) {
    self.key = key
    self.partition = partition
  }
}

/// Sends the traffic by an open-loop schedule: event n is due n/rate seconds after the start, whatever the cluster
/// does. It wakes every two milliseconds and sends what is due, for waking for each event would cost a core.
final class LoadThread: Sendable {
  static let tickNanoseconds: Int64 = 2_000_000

  let start: Moment
  private let traffic: Traffic
  private let producer: Producer
  private let count: Int
  private let progress = Atomic<Int>(0)
  private let worst = Atomic<Int64>(0)
  private let isStopping = Atomic<Bool>(false)
  private let ended = Atomic<Bool>(false)
  private let failure = Mutex<ClientError?>(nil)
  private let plan: Mutex<[SentEvent]>

  init(traffic: Traffic, producer: Producer, count: Int) {
    self.traffic = traffic
    self.producer = producer
    self.count = count
    plan = Mutex([])
    start = MonotonicClock.nanoseconds
  }

  func run() { WorkerThread.start { [self] in loop() } }

  /// Ends the load early and waits until its thread no longer uses the producer.
  func stop() async {
    isStopping.store(true, ordering: .releasing)
    await WorkerThread.run { [self] in
      while !hasEnded { MonotonicClock.sleep(until: MonotonicClock.nanoseconds + 1_000_000) }
    }
  }

  var sent: Int { progress.load(ordering: .acquiring) }
  var hasEnded: Bool { ended.load(ordering: .acquiring) }
  /// By number; all of them once it has ended.
  var events: [SentEvent] { plan.withLock { $0 } }
  var error: ClientError? { failure.withLock { $0 } }
  /// How late the generator itself was, at worst; latencies include it.
  var worstDelayNanoseconds: Int64 { worst.load(ordering: .acquiring) }

  private func loop() {
    defer { ended.store(true, ordering: .releasing) }
    var next = 0
    while next < count, !isStopping.load(ordering: .acquiring) {
      let now = MonotonicClock.nanoseconds
      while next < count {
        let due = start + traffic.due(next).nanoseconds
        if due > now { break }
        if now - due > worst.load(ordering: .relaxed) { worst.store(now - due, ordering: .releasing) }
        guard send(next) else { return }
        next += 1
        progress.store(next, ordering: .releasing)
      }
      MonotonicClock.sleep(until: now + Self.tickNanoseconds)
    }
  }

  private func send(_ number: Int) -> Bool {
    let event = traffic.event(number)
    let record = OutgoingRecord(
      topic: event.topic.rawValue, partition: event.partition, key: event.key, value: event.body,
      headers: event.headers.map { ($0.name, $0.value) })
    do throws(ClientError) {
      while try !producer.send(record, number: number) {
        if isStopping.load(ordering: .acquiring) { return false }
        MonotonicClock.sleep(until: MonotonicClock.nanoseconds + 1_000_000)
      }
      plan.withLock {
        $0.append(SentEvent(key: event.keyNumber, partition: event.topic.firstPartition + event.partition))
      }
      return true
    } catch {
      failure.withLock { $0 = error }
      return false
    }
  }
}
