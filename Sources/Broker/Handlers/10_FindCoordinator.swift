import Controller
import Groups
import Primitives
import Wire

/// FindCoordinator, versions 0–6, for groups. The first one makes `__consumer_offsets`. Transaction and share coordinators
/// are not served.
extension DataPlane {
  func findCoordinator(_ context: RequestContext, _ request: FindCoordinatorRequest) {
    let keys = context.version < 4 ? [request.key] : request.coordinatorKeys
    for key in keys where request.keyType == 0 {
      guard let leader = offsetsPartition(of: key)?.leader else { continue }
      let isHeld = holdIfLeaderIsLost(leader) { [weak self] in self?.findCoordinator(context, request) }
      if isHeld { return }
    }
    var response = FindCoordinatorResponse()
    if context.version < 4 {
      let row = coordinator(of: request.key, type: request.keyType)
      response.errorCode = row.errorCode
      response.errorMessage = row.errorMessage
      response.nodeId = row.nodeId
      response.host = row.host
      response.port = row.port
    } else {
      response.coordinators = request.coordinatorKeys.map { coordinator(of: $0, type: request.keyType) }
    }
    context.reply(response)
  }

  /// The partition of `__consumer_offsets` whose leader coordinates a group; nil while there is no such topic.
  private func offsetsPartition(of group: String) -> PartitionRegistration? {
    guard let topic = image.topic(named: InternalTopics.offsets), !topic.partitions.isEmpty else { return nil }
    return image.partition(
      TopicIDPartition(topic.id, coordinatorPartition(for: group, count: Int32(topic.partitions.count))))
  }

  private func coordinator(of key: String, type: Int8) -> FindCoordinatorResponse.Coordinator {
    var row = FindCoordinatorResponse.Coordinator()
    row.key = key
    row.nodeId = -1
    row.port = -1
    func fail(_ code: ErrorCode, _ message: String) -> FindCoordinatorResponse.Coordinator {
      row.errorCode = code.rawValue
      row.errorMessage = message
      return row
    }
    guard type == 0 else {
      return type == 1
        ? fail(.coordinatorNotAvailable, "Transactions are not served")
        : fail(.invalidRequest, "There is no coordinator of type \(type)")
    }
    guard let partition = offsetsPartition(of: key) else {
      autoCreate([InternalTopics.offsets])
      return fail(.coordinatorNotAvailable, "\(InternalTopics.offsets) is being made")
    }
    guard isLive(partition.leader), let broker = image.broker(partition.leader) else {
      return fail(.coordinatorNotAvailable, "The partition of \(InternalTopics.offsets) for \(key) has no leader now")
    }
    let endpoint = clientEndpoint(of: broker)
    row.nodeId = broker.id.rawValue
    row.host = endpoint.host
    row.port = Int32(endpoint.port)
    return row
  }
}
