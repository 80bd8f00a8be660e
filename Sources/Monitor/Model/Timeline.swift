/// One second of the cluster's life.
public struct TimelinePoint: Codable, Sendable, Equatable {
  /// The second's begin, milliseconds since 1970, a multiple of 1,000.
  public var at: Int64
  public var eventsInPerSecond: Double?
  public var eventsOutPerSecond: Double?
  /// What a test that runs asks for.
  public var targetPerSecond: Double?
  /// Of the canary's acks=all writes within this second and the nine before it. Milliseconds.
  public var producePercentile50: Double?
  public var producePercentile99: Double?
  /// The slowest within this second alone; a write that has no answer yet counts with its age.
  public var produceMax: Double?
  /// Failed canary rounds and, when metrics are there, failed requests.
  public var errorsPerSecond: Double?
  /// The worst group's.
  public var lagMilliseconds: Double?
  public var verdict: Verdict.Word

  public init(at: Int64, verdict: Verdict.Word) {
    self.at = at
    self.verdict = verdict
  }
}

/// Something that happened, drawn as a line across the timeline.
public struct Marker: Codable, Sendable, Equatable {
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// Someone broke something on purpose (the lab, or an action on the dashboard).
    case fault
    case faultEnd
    case brokerLost
    case brokerBack
    case controllerChange
    case leaderChange
    /// All replicas in sync again.
    case isrWhole
    case alert
  }

  /// Counts the markers of one monitor.
  public var number: Int
  public var at: Int64
  public var kind: Kind
  public var broker: Int32?
  public var text: String

  public init(number: Int, at: Int64, kind: Kind, broker: Int32?, text: String) {
    self.number = number
    self.at = at
    self.kind = kind
    self.broker = broker
    self.text = text
  }
}

/// The last five minutes in seconds. `/api/v1/timeline`.
public struct Timeline: Codable, Sendable, Equatable {
  /// Oldest first, at most 300.
  public var points: [TimelinePoint]
  /// Oldest first, within the points' time.
  public var markers: [Marker]

  public init(points: [TimelinePoint] = [], markers: [Marker] = []) {
    self.points = points
    self.markers = markers
  }
}

/// Rates of the whole cluster.
public struct TrafficView: Codable, Sendable, Equatable {
  /// Growth of the end offsets of all topics but internal ones.
  public var eventsInPerSecond: Double?
  /// Growth of the groups' committed offsets, or of the metrics' where they are richer.
  public var eventsOutPerSecond: Double?
  public var bytesInPerSecond: Double?
  public var bytesOutPerSecond: Double?
  /// What a test that runs asks for.
  public var targetPerSecond: Double?
  /// Errors by Kafka's name of the code (NOT_ENOUGH_REPLICAS…): from the canary and, when there, the metrics.
  public var errorsPerSecond: [ErrorRate]

  public struct ErrorRate: Codable, Sendable, Equatable {
    public var code: String
    public var perSecond: Double

    public init(code: String, perSecond: Double) {
      self.code = code
      self.perSecond = perSecond
    }
  }

  public init() { errorsPerSecond = [] }
}

/// A message written and read back once a second through every broker.
public struct CanaryView: Codable, Sendable, Equatable {
  /// Over the last ten seconds. Milliseconds; produce: send until acks=all acknowledgement.
  public var producePercentile50: Double?
  public var producePercentile99: Double?
  public var produceMax: Double?
  /// Send until read back.
  public var endToEndPercentile99: Double?
  public var brokers: [Broker]

  public struct Broker: Codable, Sendable, Equatable {
    public var id: Int32
    /// Whether its latest round came back in time. Absent: not yet known.
    public var ok: Bool?
    public var produceMilliseconds: Double?
    public var endToEndMilliseconds: Double?
    /// Kafka's name of the code, or what the client said.
    public var error: String?
    /// When its latest complete round ended.
    public var at: Int64?

    public init(id: Int32) { self.id = id }
  }

  public init() { brokers = [] }
}
