import Primitives
import Wire

/// Which partitions a Fetch is about: finds, makes and ends the sessions that the broker keeps (KIP-227).
final class FetchSessions {
  private(set) var cache: FetchSessionCache<FetchSession>

  init(slots: Int, random: RandomSource) { cache = FetchSessionCache(slots: slots, random: random) }

  /// What a Fetch turned out to be.
  enum Found {
    /// All partitions are named. `keeps`: a session is made of them when the answer is known.
    case full(FetchSession, keeps: Bool)
    /// The next request of a session, which has been brought up to date.
    case incremental(FetchSession)
    case refused(ErrorCode)
  }

  func find(_ request: FetchRequest, version: Int16, isFollower: Bool, at now: Instant) -> Found {
    if version < 7 || request.sessionEpoch <= FetchEpoch.initial {
      // A session that a full request names is closed by it.
      if request.sessionId != 0 { close(request.sessionId) }
      let keeps = version >= 7 && request.sessionEpoch == FetchEpoch.initial
      return .full(FetchSession(request, version: version, isFollower: isFollower, at: now), keeps: keeps)
    }
    guard let session = cache[request.sessionId] else { return .refused(.fetchSessionIdNotFound) }
    guard session.epoch == request.sessionEpoch else { return .refused(.invalidFetchSessionEpoch) }
    guard session.usesTopicIDs == (version >= 13) else { return .refused(.fetchSessionTopicIdError) }
    // A request before this one, on a connection that broke, waits for nothing any more.
    _ = session.operation?.tryToComplete(isLast: true)
    session.update(request)
    guard !session.partitions.isEmpty else {
      close(session.id)
      return .full(FetchSession(request, version: version, isFollower: isFollower, at: now), keeps: false)
    }
    cache.touch(session.id, size: session.partitions.count, at: now)
    session.epoch = FetchEpoch.next(after: session.epoch)
    return .incremental(session)
  }

  /// Keeps the session of a full request if there is room; says whether it did.
  func keep(_ session: FetchSession, at now: Instant) -> Bool {
    guard
      let (id, evicted) = cache.insert(
        session, isPrivileged: session.isFollower, size: session.partitions.count, at: now)
    else { return false }
    evicted?.close()
    session.id = id
    session.epoch = FetchEpoch.next(after: FetchEpoch.initial)
    return true
  }

  private func close(_ id: Int32) {
    guard let session = cache.remove(id) else { return }
    _ = session.operation?.tryToComplete(isLast: true)
    session.close()
  }
}
