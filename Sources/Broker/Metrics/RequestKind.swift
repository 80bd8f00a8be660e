import Wire

/// A kind of request as Kafka's RequestMetrics has it: an API, but of Fetch those of consumers and of followers apart.
struct RequestKind: Hashable, Sendable {
  let index: UInt8

  init(_ api: ApiKey) { index = UInt8(truncatingIfNeeded: api.rawValue) }
  private init(index: UInt8) { self.index = index }

  /// A Fetch of a consumer: what a Fetch is until it says otherwise.
  static let consumerFetch = RequestKind(.fetch)
  /// A Fetch of a follower, or of the quorum.
  static let followerFetch = RequestKind(index: 127)
  static let count = 128

  /// Kafka's name, `Produce`, `FetchConsumer`, `FetchFollower`.
  var name: String {
    switch self {
    case .consumerFetch: "FetchConsumer"
    case .followerFetch: "FetchFollower"
    default: ApiKey(rawValue: Int16(index))?.name ?? "\(index)"
    }
  }
}
