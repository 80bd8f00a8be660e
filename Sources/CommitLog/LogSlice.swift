import Primitives

/// Whole batches of one segment, not yet read.
///
/// A slice stays readable while the log is appended to; truncation and retention make reads short or fail.
public struct LogSlice {
  public let file: any StoredFile
  public let position: Int
  /// Bytes; always whole batches.
  public let length: Int
  /// The base offset of the first batch: at most the offset that was asked for.
  public let baseOffset: Offset

  /// Reads the bytes into `buffer`, which must hold ``length``. Returns how many there were.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    try file.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(length, buffer.count)]))
  }
}

/// What an append did.
public struct AppendResult: Equatable, Sendable {
  public var baseOffset: Offset
  public var lastOffset: Offset
  /// The append time for `LogAppendTime`, otherwise −1: what a Produce response carries.
  public var appendTime: Int64
  /// The largest timestamp among the batches.
  public var maxTimestamp: Int64
}

/// A record found by its time.
public struct TimestampedOffset: Equatable, Sendable {
  public var offset: Offset
  public var timestamp: Int64
  public var epoch: LeaderEpoch
}

/// A transaction that a read_committed consumer must skip.
public struct AbortedTransaction: Equatable, Sendable {
  public var producerID: ProducerID
  public var firstOffset: Offset
  /// The offset of the marker.
  public var lastOffset: Offset
  /// The last stable offset when the marker was written.
  public var lastStableOffset: Offset

  public init(producerID: ProducerID, firstOffset: Offset, lastOffset: Offset, lastStableOffset: Offset) {
    self.producerID = producerID
    self.firstOffset = firstOffset
    self.lastOffset = lastOffset
    self.lastStableOffset = lastStableOffset
  }
}
