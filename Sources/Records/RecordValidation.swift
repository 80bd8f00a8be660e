import Primitives

/// One record of a batch that a rule refuses, for a Produce answer's `record_errors` (KIP-467).
public struct RecordRejection: Equatable, Sendable {
  /// The record's place in the batch, from 0.
  public var index: Int32
  public var message: String
}

/// What Kafka's LogValidator looks for within a batch, beyond its header and checksum.
///
/// The bytes are walked where they are; only a compressed batch is unfolded for it, into memory of its own, and stored as
/// it came.
enum RecordValidation {
  /// A batch with more bad records than this is answered with the first ones.
  private static let maxRejections = 100

  /// Checks every record; the largest timestamp among them, −1 when none has one.
  static func check(_ batch: UnsafeRawBufferPointer, rules: RecordBatchRules, now: Int64) throws(RecordError) -> Int64 {
    var records = try RecordIterator(batch: batch, maxDecompressedBytes: rules.maxDecompressedBytes)
    let earliest = rules.stampsAppendTime ? nil : rules.timestampBeforeMax.map { lower(now, $0) }
    let latest = rules.stampsAppendTime ? nil : rules.timestampAfterMax.map { upper(now, $0) }
    var rejections: [RecordRejection] = []
    var hasBadTimestamp = false
    var largest: Int64 = -1
    var index: Int32 = 0
    while let record = try records.next() {
      guard record.offsetDelta == index else { throw .invalidRecord(.offset) }
      largest = max(largest, record.timestamp)
      if rules.requiresKeys, record.key == nil {
        reject(&rejections, index, "Compacted topic cannot accept message without key")
      } else if record.timestamp >= 0, record.timestamp > latest ?? .max || record.timestamp < earliest ?? 0 {
        hasBadTimestamp = true
        reject(
          &rejections, index,
          "Timestamp \(record.timestamp) of message with offset \(index) is out of range. The timestamp should be within "
            + "[\(earliest ?? 0), \(latest ?? .max)]")
      }
      index += 1
    }
    guard records.isAtEnd else { throw .invalidRecord(.excess) }
    guard rejections.isEmpty else {
      throw .rejectedRecords(hasBadTimestamp ? .invalidTimestamp : .invalidRecord, rejections)
    }
    return largest
  }

  private static func reject(
    _ rejections: inout [RecordRejection], _ index: Int32, _ message: @autoclosure () -> String
  ) {
    if rejections.count < maxRejections { rejections.append(RecordRejection(index: index, message: message())) }
  }

  private static func lower(_ now: Int64, _ span: Int64) -> Int64 { max(0, now.subtractingClamped(span)) }
  private static func upper(_ now: Int64, _ span: Int64) -> Int64 {
    let (sum, overflow) = now.addingReportingOverflow(span)
    return overflow ? .max : sum
  }
}

extension Int64 {
  fileprivate func subtractingClamped(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? .min : difference
  }
}

extension RecordBatch {
  /// The same batch by another codec, for a topic whose `compression.type` asks for it; offsets within it, timestamps and
  /// the producer's numbers stay.
  ///
  /// - Throws: ``RecordError/rejected(_:_:)`` when it is larger than `max.message.bytes` now.
  public static func recompressed(
    _ batch: UnsafeRawBufferPointer, to codec: CompressionCodec, rules: RecordBatchRules
  ) throws(RecordError) -> [UInt8] {
    var records = try RecordIterator(batch: batch, maxDecompressedBytes: rules.maxDecompressedBytes)
    let header = records.header
    var builder = RecordBatchBuilder(
      codec: codec, producerID: header.producerID, producerEpoch: header.producerEpoch,
      baseSequence: header.baseSequence, isTransactional: header.isTransactional)
    while let record = try records.next() { builder.append(copying: record, offsetDelta: record.offsetDelta) }
    let bytes = try builder.build()
    guard bytes.count <= rules.maxMessageBytes else {
      throw .rejected(
        .messageTooLarge,
        "The record batch has \(bytes.count) bytes once recompressed, more than the maximum of \(rules.maxMessageBytes)"
      )
    }
    return bytes
  }
}
