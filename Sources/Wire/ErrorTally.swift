/// The error codes of one response, counted while it is written: what Kafka's `ErrorsPerSec` counts, NONE among them.
public struct ErrorTally: Sendable {
  /// Fields that say NONE.
  public internal(set) var successes = 0
  /// The codes of the others, in the order of the message.
  public internal(set) var failures: [Int16] = []

  public init() {}
}

extension Coder {
  /// An error code: a 16-bit number that is counted when it is written.
  @inline(__always)
  mutating func errorCode(_ value: inout Int16) throws(DecodeError) {
    if !isReading {
      if value == 0 { errors.successes += 1 } else { errors.failures.append(value) }
    }
    try integer(&value)
  }
}
