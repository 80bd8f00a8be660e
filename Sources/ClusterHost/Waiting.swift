/// Waiting for conditions without blocking a thread.
enum Waiting {
  /// Asks again and again until the answer is not nil; nil when the limit passed. Ends early when the task is
  /// cancelled.
  static func until<Value>(
    _ limit: Duration, every pause: Duration = .milliseconds(10),
    _ condition: () async throws(ClusterError) -> Value?
  ) async throws(ClusterError) -> Value? {
    let deadline = ContinuousClock.now + limit
    while true {
      if let value = try await condition() { return value }
      guard ContinuousClock.now < deadline else { return nil }
      do { try await Task.sleep(for: pause) } catch { throw ClusterError(.notPossible, "interrupted") }
    }
  }
}

extension ChildProcess {
  /// Waits for its end; nil when it still runs after `limit`.
  package func ended(within limit: Duration) async throws(ClusterError) -> Exit? {
    try await Waiting.until(limit) { exit }
  }
}
