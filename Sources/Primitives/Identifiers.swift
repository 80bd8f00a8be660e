/// A number with a meaning of its own: mixing two of them does not compile.
public protocol TypedNumber: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible
where RawValue: FixedWidthInteger & Sendable {
  init(_ value: RawValue)
  init(rawValue: RawValue)
  var rawValue: RawValue { get set }
}

extension TypedNumber {
  @inlinable public init(_ value: RawValue) { self.init(rawValue: value) }
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  public var description: String { "\(rawValue)" }
}

/// A position in a partition's log, counted in records.
@frozen public struct Offset: TypedNumber {
  public var rawValue: Int64
  @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
  public static let zero = Offset(rawValue: 0)
  /// "No such offset" on the wire: −1.
  public static let none = Offset(rawValue: -1)
  /// Wraps instead of trapping; every value from outside is range-checked before arithmetic.
  @inlinable public static func + (a: Offset, b: Int64) -> Offset { Offset(rawValue: a.rawValue &+ b) }
  @inlinable public static func - (a: Offset, b: Int64) -> Offset { Offset(rawValue: a.rawValue &- b) }
  @inlinable public static func - (a: Offset, b: Offset) -> Int64 { a.rawValue &- b.rawValue }
}

/// The generation of a partition's (or the quorum's) leadership; −1 means unknown.
@frozen public struct LeaderEpoch: TypedNumber {
  public var rawValue: Int32
  @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }
  public static let none = LeaderEpoch(rawValue: -1)
  public static let zero = LeaderEpoch(rawValue: 0)
  public var next: LeaderEpoch { LeaderEpoch(rawValue: rawValue &+ 1) }
}

/// The version of a partition's replica set and ISR as the controller knows it.
@frozen public struct PartitionEpoch: TypedNumber {
  public var rawValue: Int32
  @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }
  public static let none = PartitionEpoch(rawValue: -1)
  public static let zero = PartitionEpoch(rawValue: 0)
  public var next: PartitionEpoch { PartitionEpoch(rawValue: rawValue &+ 1) }
}

/// One process life of a broker: the offset of its registration record (KIP-631).
@frozen public struct BrokerEpoch: TypedNumber {
  public var rawValue: Int64
  @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
  public static let none = BrokerEpoch(rawValue: -1)
}

/// A node's id; −1 means none.
@frozen public struct BrokerID: TypedNumber {
  public var rawValue: Int32
  @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }
  public static let none = BrokerID(rawValue: -1)
}

/// A partition's index within its topic.
@frozen public struct PartitionID: TypedNumber {
  public var rawValue: Int32
  @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// A producer's id as handed out by the cluster; −1 means a producer without idempotence.
@frozen public struct ProducerID: TypedNumber {
  public var rawValue: Int64
  @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
  public static let none = ProducerID(rawValue: -1)
}
