import Controller
import Primitives
import Wire

/// The group coordinators of this broker.
final class GroupHost {
  private unowned let plane: DataPlane
  init(_ plane: DataPlane, random: RandomSource) { self.plane = plane }
  var nextDeadline: Instant { .distantFuture }
  func timer(at now: Instant) {}
  func topicDeleted(_ name: String) {}
  func partitionChanged(_ partition: HostedPartition) {}
  func partitionGone(_ partition: HostedPartition) {}
}

extension DataPlane {
  func findCoordinator(_ context: RequestContext, _ request: FindCoordinatorRequest) {
    var response = FindCoordinatorResponse()
    response.errorCode = ErrorCode.coordinatorNotAvailable.rawValue
    context.reply(response)
  }
  func serveGroups(_ context: RequestContext, _ input: UnsafeRawBufferPointer, _ bodyStart: Int) throws(DecodeError) {
    context.session.end("groups are not served")
  }
}
