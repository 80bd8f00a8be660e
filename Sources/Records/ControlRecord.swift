import Primitives

/// The kinds of control records, by the type in their key (KIP-98, KIP-595, KIP-630, KIP-853).
public enum ControlRecordType: Int16, Sendable {
  case abort = 0
  case commit = 1
  case leaderChange = 2
  case snapshotHeader = 3
  case snapshotFooter = 4
  case kraftVersion = 5
  case kraftVoters = 6

  /// The record's key: version 0 and the type.
  public var key: [UInt8] { [0, 0, 0, UInt8(rawValue)] }

  /// Reads a control record's key; nil for a type that is not known.
  public init?(key: UnsafeRawBufferPointer) {
    guard key.count >= 4 else { return nil }
    self.init(rawValue: Int16(bigEndian: key.loadUnaligned(fromByteOffset: 2, as: Int16.self)))
  }
}

/// The end of a transaction in one partition.
public struct EndTransactionMarker: Equatable, Sendable {
  public var isCommit: Bool
  public var coordinatorEpoch: Int32

  public init(isCommit: Bool, coordinatorEpoch: Int32) {
    self.isCommit = isCommit
    self.coordinatorEpoch = coordinatorEpoch
  }

  /// Reads the marker of a control batch; nil when the batch holds another kind of control record.
  public static func read(batch: UnsafeRawBufferPointer) throws(RecordError) -> EndTransactionMarker? {
    var records = try RecordIterator(batch: batch, maxDecompressedBytes: 1 << 16)
    guard let record = try records.next() else { return nil }
    guard let key = record.key, key.count >= 4 else { throw .invalidRecord(.control) }
    guard let type = ControlRecordType(key: key), type == .abort || type == .commit else { return nil }
    guard let value = record.value, value.count >= 6 else { throw .invalidRecord(.control) }
    return EndTransactionMarker(
      isCommit: type == .commit,
      coordinatorEpoch: Int32(bigEndian: value.loadUnaligned(fromByteOffset: 2, as: Int32.self)))
  }

  /// The whole control batch.
  public func batch(
    producerID: ProducerID, producerEpoch: Int16, timestamp: Int64
  ) throws(RecordError) -> [UInt8] {
    var builder = RecordBatchBuilder(
      producerID: producerID, producerEpoch: producerEpoch, isTransactional: true, isControl: true)
    var value: [UInt8] = [0, 0]
    withUnsafeBytes(of: coordinatorEpoch.bigEndian) { value.append(contentsOf: $0) }
    builder.append(
      key: (isCommit ? ControlRecordType.commit : .abort).key, value: value, timestamp: timestamp)
    return try builder.build()
  }
}
