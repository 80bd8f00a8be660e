import CommandLineTool

/// What a person may do to a broker.
public enum BrokerCommand: String, Sendable, CaseIterable {
  case kill, pause, resume, start
}

extension LocalCluster {
  /// Carries out one line of the control socket: `kill ID`, `pause ID`, `resume ID`, `start ID`, or `processes`, which
  /// answers with a JSON array. Others are `ok` or `error: …`.
  public func carryOut(_ line: String) async -> String {
    let words = line.split(separator: " ")
    do throws(ClusterError) {
      if words.first == "processes" { return processes().text() }
      guard words.count == 2, let command = BrokerCommand(rawValue: String(words[0])), let broker = Int32(words[1])
      else { return "error: unknown request: \(line)" }
      switch command {
      case .kill: try kill(broker)
      case .pause: try pause(broker)
      case .resume: try resume(broker)
      case .start: try await startBroker(broker)
      }
      state.withLock { $0.onCommand }?(command, broker)
      return "ok"
    } catch {
      return "error: \(error)"
    }
  }

  /// Called when something was done to a broker by a person, at a terminal or on the dashboard.
  public func onCommand(_ handler: @escaping @Sendable (BrokerCommand, Int32) -> Void) {
    state.withLock { $0.onCommand = handler }
  }

  private func processes() -> JSON {
    .array(
      brokerStates().map { broker in
        [
          "id": .integer(Int(broker.id)), "pid": broker.processID.map { .integer(Int($0)) } ?? .null,
          "state": .string(broker.state), "port": .integer(broker.port),
          "ended_in_order": broker.endedInOrder.map { .bool($0) } ?? .null,
        ]
      })
  }
}
