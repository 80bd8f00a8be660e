import KafkaClient
import Social
import Synchronization

/// A consumer group's only member on a thread of its own: notes which events of this run it saw.
final class GroupThread: Sendable {
  let group: String
  private let servers: String
  private let run: UInt64
  private let seen: Mutex<[Bool]>
  private let distinct = Atomic<Int>(0)
  private let isStopping = Atomic<Bool>(false)
  private let ended = Atomic<Bool>(false)
  private let lastError = Mutex<ClientError?>(nil)

  init(group: String, bootstrapServers: String, run: UInt64, capacity: Int) {
    self.group = group
    self.run = run
    servers = bootstrapServers
    seen = Mutex([Bool](repeating: false, count: capacity))
  }

  func start() { WorkerThread.start { [self] in loop() } }
  func stop() { isStopping.store(true, ordering: .releasing) }

  var hasEnded: Bool { ended.load(ordering: .acquiring) }
  /// How many different events it saw.
  var count: Int { distinct.load(ordering: .acquiring) }
  var error: ClientError? { lastError.withLock { $0 } }
  /// By event; final once it has ended.
  var events: [Bool] { seen.withLock { $0 } }

  private func loop() {
    defer { ended.store(true, ordering: .releasing) }
    do throws(ClientError) {
      let consumer = try Consumer(
        bootstrapServers: servers, topics: SocialTopic.allCases.map(\.name), mode: .group(group))
      while !isStopping.load(ordering: .acquiring) {
        let batch = consumer.poll(timeoutMilliseconds: 50)
        if let error = batch.errors.last { lastError.withLock { $0 = error } }
        if !batch.records.isEmpty { note(batch.records) }
      }
      consumer.close()
    } catch {
      lastError.withLock { $0 = error }
    }
  }

  private func note(_ records: [ConsumedRecord]) {
    let fresh = seen.withLock { seen in
      var fresh = 0
      for record in records {
        guard let identity = EventIdentity(body: record.value), identity.run == run,
          seen.indices.contains(identity.sequence), !seen[identity.sequence]
        else { continue }
        seen[identity.sequence] = true
        fresh += 1
      }
      return fresh
    }
    distinct.add(fresh, ordering: .releasing)
  }
}
