import KafkaClient
import Primitives
import Wire

extension BrokerProbe {
  /// Takes at most half of the time that is left: a disk that hangs hides nothing else.
  func askLogDirectories(_ question: Question, _ reply: inout Reply, by deadline: ContinuousClock.Instant) async {
    do throws(AdminError) {
      reply.logDirectories = try await logDirectories(
        sizes: question.logDirectories == .stateAndSizes, by: .now + Self.left(until: deadline) / 2)
    } catch {
      reply.keepsLogDirectories = true
      if case .unsupported = error { return }
      reply.failures.append("log directories of broker \(id): \(error.brief)")
    }
  }

  /// The broker's log directories: which are lost, how much room the fullest disk has, and with `sizes` what its logs
  /// take.
  ///
  /// Nil where the broker does not tell: to whoever may not describe the cluster. Room comes with version 4 (KIP-827).
  private func logDirectories(
    sizes: Bool, by deadline: ContinuousClock.Instant
  ) async throws(AdminError) -> ClusterObservation.LogDirectories? {
    var request = DescribeLogDirsRequest()
    // Null: all partitions; none: the directories alone.
    request.topics = sizes ? nil : []
    let response = try await send(request, timeout: Self.left(until: deadline))
    guard response.errorCode == 0, !response.results.isEmpty else { return nil }
    let usable = response.results.filter { $0.errorCode == 0 }
    var found = ClusterObservation.LogDirectories(broker: id)
    found.lost = response.results.count { $0.errorCode == ErrorCode.kafkaStorageError.rawValue }
    found.freeBytes = usable.map(\.usableBytes).filter { $0 >= 0 }.min()
    if sizes {
      found.usedBytes = usable.lazy.flatMap(\.topics).flatMap(\.partitions).reduce(Int64(0)) { sum, partition in
        let (total, isTooLarge) = sum.addingReportingOverflow(max(0, partition.partitionSize))
        return isTooLarge ? .max : total
      }
    }
    return found
  }
}
