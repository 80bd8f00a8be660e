import CommandLineTool

extension LocalCluster {
  /// Carries out one line of the control socket: `kill ID`, `pause ID`, `resume ID`, `start ID`, or `processes`, which
  /// answers with a JSON array. Others are `ok` or `error: …`.
  public func carryOut(_ line: String) async -> String {
    let words = line.split(separator: " ")
    do throws(ClusterError) {
      switch (words.first, words.dropFirst().first.flatMap { Int32($0) }) {
      case ("processes", _): return processes().text()
      case ("kill", let broker?): try kill(broker)
      case ("pause", let broker?): try pause(broker)
      case ("resume", let broker?): try resume(broker)
      case ("start", let broker?): try await startBroker(broker)
      default: return "error: unknown request: \(line)"
      }
      return "ok"
    } catch {
      return "error: \(error)"
    }
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
