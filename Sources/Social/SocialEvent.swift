/// One event, ready to be sent: a JSON body and CloudEvents headers (binary content mode of the Kafka protocol
/// binding).
public struct SocialEvent: Sendable, Equatable {
  public var sequence: Int
  public var topic: SocialTopic
  public var partition: Int32
  /// User or content id; empty for system events, which have no key.
  public var key: [UInt8]
  /// Which key it is, numbered through over all topics; the order of events of one number is kept.
  public var keyNumber: Int32
  public var body: [UInt8]
  /// `ce_id`, `ce_type`, `ce_source`, `ce_time` and the specification's version.
  public var headers: [Header]

  public struct Header: Sendable, Equatable {
    public var name: String
    public var value: [UInt8]

    public init(_ name: String, _ value: [UInt8]) {
      self.name = name
      self.value = value
    }
  }
}

/// What the first bytes of a body say: which run it belongs to and which event it is.
public struct EventIdentity: Sendable, Equatable {
  public var run: UInt64
  public var sequence: Int

  static let runOpening = Array("{\"run\":".utf8)
  static let sequenceOpening = Array(",\"seq\":".utf8)

  public init(run: UInt64, sequence: Int) {
    self.run = run
    self.sequence = sequence
  }

  /// Reads the start of a body; nil when it is none of ours.
  public init?(body: [UInt8]) {
    guard body.starts(with: Self.runOpening) else { return nil }
    var position = Self.runOpening.count
    guard let run = Self.number(body, &position), body[position...].starts(with: Self.sequenceOpening) else {
      return nil
    }
    position += Self.sequenceOpening.count
    guard let number = Self.number(body, &position), let sequence = Int(exactly: number) else { return nil }
    self.init(run: run, sequence: sequence)
  }

  private static func number(_ bytes: [UInt8], _ position: inout Int) -> UInt64? {
    let start = position
    var value: UInt64 = 0
    while position < bytes.count, (48...57).contains(bytes[position]) {
      let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = scaled.addingReportingOverflow(UInt64(bytes[position] - 48))
      if overflow || carry { return nil }
      value = sum
      position += 1
    }
    return position == start ? nil : value
  }
}
