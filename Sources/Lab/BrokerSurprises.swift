import ClusterHost
import KafkaClient
import Synchronization

/// What brokers do that the demo's schedule did not ask for: somebody kills one by hand, or one ends by itself.
final class BrokerSurprises: Sendable {
  private struct State {
    var start: Moment?
    /// Brokers whose next end is the schedule's.
    var expected: Set<Int32> = []
    var notes: [String] = []
    var isClosed = false
  }

  private let state = Mutex(State())

  func begin(at start: Moment) { state.withLock { $0.start = start } }

  /// The schedule is about to kill this broker.
  func expect(_ broker: Int32) { state.withLock { _ = $0.expected.insert(broker) } }

  func ended(_ broker: Int32, _ exit: ChildProcess.Exit) {
    state.withLock { state in
      guard !state.isClosed, state.expected.remove(broker) == nil else { return }
      let when = state.start.map { start in
        let seconds = MonotonicClock.nanoseconds.milliseconds(since: start) / 1000
        return "at \((seconds * 10).rounded() / 10) s"
      }
      let how = exit == .signal(9) ? "was killed" : "ended (\(exit))"
      state.notes.append("broker \(broker) \(how) \(when ?? "before the first event"), not by the schedule")
    }
  }

  var haveHappened: Bool { state.withLock { !$0.notes.isEmpty } }

  /// Lets go on what was paused and starts what is down, so that everything can be checked.
  func mend(_ engine: any ClusterEngine) async {
    guard engine.canInjectFaults else { return }
    for broker in engine.brokerIDs {
      if engine.processID(of: broker) == nil {
        do throws(ClusterError) {
          try await engine.startBroker(broker)
          note("broker \(broker) was started again before the check")
        } catch {
          note("broker \(broker) could not be started before the check: \(error)")
        }
      } else if (engine as? LocalCluster)?.isPaused(broker) ?? false {
        do throws(ClusterError) {
          try engine.resume(broker)
          note("broker \(broker) was paused, and resumed before the check")
        } catch {
          note("broker \(broker) could not be resumed before the check: \(error)")
        }
      }
    }
  }

  private func note(_ text: String) { state.withLock { $0.notes.append(text) } }

  /// All notes; what ends from now on is no surprise.
  func close() -> [String] {
    state.withLock { state in
      state.isClosed = true
      return state.notes
    }
  }
}
