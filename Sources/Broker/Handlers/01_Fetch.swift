import EventLoop
import Primitives
import Wire

/// Fetch, versions 4–18, for consumers and followers, with fetch sessions (KIP-227). Tiered storage is not served.
extension DataPlane {
  func fetch(_ context: RequestContext, _ request: FetchRequest) {
    // Whoever asks again on a connection no longer waits for the answer before.
    if let waiting = context.session.waitingFetch as? FetchOperation { _ = waiting.tryToComplete(isLast: true) }
    let replica = BrokerID(context.version >= 15 ? request.replicaState.replicaId : request.replicaId)
    let isFollower = replica.rawValue >= 0
    if isFollower { context.isFollowersFetch() }
    let session: FetchSession
    let kind: FetchOperation.Kind
    switch fetchSessions.find(request, version: context.version, isFollower: isFollower, at: now) {
    case .refused(let code):
      var response = FetchResponse()
      response.errorCode = code.rawValue
      return context.reply(response)
    case .full(let partitions, let keeps):
      session = partitions
      kind = keeps ? .full : .sessionless
    case .incremental(let known):
      session = known
      kind = .incremental
    }
    let operation = FetchOperation(context, request, kind: kind, session: session, replica: replica, plane: self)
    operation.refresh()
    guard !operation.tryToComplete(isLast: operation.maxWait == .zero) else { return }
    operation.park(until: now + operation.maxWait)
    context.session.waitingFetch = operation
  }
}
