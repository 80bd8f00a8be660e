import Primitives
import Wire

/// A partition as a Fetch names it: by its topic's id since version 13, by its name before.
struct FetchedPartitionKey: Hashable {
  var topicID: TopicID
  /// Empty when the id names the topic.
  var topic: String
  var partition: Int32
}

/// One partition of a fetch: what is asked for, and what its asker was told last (Kafka's CachedPartition).
///
/// It is *pending* while there may be something to tell, and otherwise *watches* the partition: whatever could change
/// the answer makes it pending again. So an idle partition costs a request nothing.
final class FetchedPartition {
  let key: FetchedPartitionKey
  var wanted: FetchRequest.FetchPartition
  private(set) weak var session: FetchSession?
  /// What the asker knows; −1 when it must be told.
  var toldHighWatermark: Int64 = -1
  var toldLogStart: Int64 = -1
  fileprivate(set) var isPending = false
  fileprivate(set) var isForgotten = false
  private var hosted: HostedPartition?
  private var isWatching = false

  fileprivate init(_ key: FetchedPartitionKey, _ wanted: FetchRequest.FetchPartition, of session: FetchSession) {
    self.key = key
    self.wanted = wanted
    self.session = session
  }

  /// The partition if this broker holds it.
  func partition(on plane: DataPlane) -> HostedPartition? {
    if let hosted, !hosted.isRemoved { return hosted }
    let id = key.topic.isEmpty ? key.topicID : plane.image.topic(named: key.topic)?.id
    hosted = id.flatMap { plane.partitions[TopicIDPartition($0, PartitionID(key.partition))] }
    return hosted
  }

  func watch(on plane: DataPlane) {
    guard !isWatching, !isForgotten, let partition = partition(on: plane) else { return }
    isWatching = true
    partition.watchers.append(self)
  }

  func unwatch() {
    guard isWatching else { return }
    isWatching = false
    hosted?.watchers.removeAll { $0 === self }
  }

  /// The partition has changed; it has let go of this watcher.
  func partitionChanged() {
    isWatching = false
    guard !isForgotten, let session else { return }
    session.markPending(self)
    session.operation?.partitionChanged(self)
  }
}

/// The partitions that one client fetches, from one request to the next (KIP-227), or those of a single request.
///
/// Requests are numbered by epochs; each names only what changed since the one before, and the answer carries only
/// partitions with something new. Belongs to the data loop.
final class FetchSession {
  /// 0 until it is kept.
  var id: Int32 = 0
  /// The epoch that the next request must have.
  var epoch = FetchEpoch.initial
  let isFollower: Bool
  let usesTopicIDs: Bool
  private(set) var partitions: [FetchedPartitionKey: FetchedPartition] = [:]
  /// The request that waits for something to tell.
  var operation: FetchOperation?
  private var lastRefresh: Instant
  /// In the order in which they are answered. What was answered with records goes to the end, so that no partition
  /// starves behind a byte limit.
  private(set) var pending: [FetchedPartition] = []
  /// All partitions in the order of the request that named them all, while that one is served.
  private var named: [FetchedPartition] = []

  init(_ request: FetchRequest, version: Int16, isFollower: Bool, at now: Instant) {
    self.isFollower = isFollower
    usesTopicIDs = version >= 13
    lastRefresh = now
    add(request.topics)
    named = pending
  }

  /// The session's next request: what it names is new or changed, what it forgets is dropped.
  func update(_ request: FetchRequest) {
    named = []
    add(request.topics)
    for topic in request.forgottenTopicsData {
      for index in topic.partitions { forget(key(topic.topic, topic.topicId, index)) }
    }
  }

  private func key(_ topic: String, _ id: TopicID, _ partition: Int32) -> FetchedPartitionKey {
    FetchedPartitionKey(topicID: usesTopicIDs ? id : .zero, topic: usesTopicIDs ? "" : topic, partition: partition)
  }

  private func add(_ topics: [FetchRequest.FetchTopic]) {
    for topic in topics {
      for wanted in topic.partitions {
        let key = key(topic.topic, topic.topicId, wanted.partition)
        if let known = partitions[key] {
          known.wanted = wanted
          // Kafka stays silent where nothing changed. A follower that asks anew may not have taken what it was told, when
          // it asked something else meanwhile, and would wait for the next change.
          if isFollower { known.toldHighWatermark = -1 }
          markPending(known)
        } else {
          let part = FetchedPartition(key, wanted, of: self)
          partitions[key] = part
          markPending(part)
        }
      }
    }
  }

  private func forget(_ key: FetchedPartitionKey) {
    guard let part = partitions.removeValue(forKey: key) else { return }
    part.unwatch()
    part.isForgotten = true
  }

  func markPending(_ part: FetchedPartition) {
    guard !part.isPending else { return }
    part.isPending = true
    pending.append(part)
  }

  /// Takes what may have something to tell, for a request that is about to be answered; `settled` puts it back.
  func takePending() -> [FetchedPartition] {
    let taken = pending.filter { !$0.isForgotten }
    pending.removeAll(keepingCapacity: true)
    for part in taken { part.isPending = false }
    return taken
  }

  /// Takes all partitions, for a request that has to answer every one.
  func takeNamed() -> [FetchedPartition] {
    for part in pending { part.isPending = false }
    pending.removeAll(keepingCapacity: true)
    return named
  }

  /// Whether it is time to look at all partitions, whatever happened to them.
  ///
  /// A follower's Fetch also says that it still has all, and that must be heard several times within the lag time.
  func isRefreshDue(at now: Instant, lagMax: TimeSpan) -> Bool {
    guard now - lastRefresh >= min(.seconds(2), lagMax / 8) else { return false }
    lastRefresh = now
    return true
  }

  /// Nobody will ask again.
  func close() {
    for part in partitions.values { part.unwatch() }
    partitions.removeAll()
    pending.removeAll()
    named.removeAll()
  }
}
