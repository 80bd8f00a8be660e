import Synchronization

/// Tells whether this process was given no processor for a while: a busy machine must not look like a silent broker.
///
/// A task that wants to wake ten times a second notes by how much it comes too late.
final class Starvation: Sendable {
  /// Later than this is starved. Milliseconds.
  static let tolerance: Int64 = 200
  private static let tick: Int64 = 100

  private let state = Mutex((lastWake: ContinuousClock.now, isStarved: false))
  private let ticking = Mutex<Task<Void, Never>?>(nil)

  init() {
    let task = Task { [weak self] in
      while !Task.isCancelled, self?.wake() == true {
        try? await Task.sleep(for: .milliseconds(Self.tick))
      }
    }
    ticking.withLock { $0 = task }
  }

  private func wake() -> Bool {
    state.withLock { state in
      let now = ContinuousClock.now
      if now - state.lastWake > .milliseconds(Self.tick + Self.tolerance) { state.isStarved = true }
      state.lastWake = now
    }
    return true
  }

  /// Ends the watch. True: it was starved at some time since it began.
  func end() -> Bool {
    ticking.withLock { task in
      task?.cancel()
      task = nil
    }
    _ = wake()
    return state.withLock { $0.isStarved }
  }
}
