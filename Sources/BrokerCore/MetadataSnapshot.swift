import Consensus
import Primitives
import Records
import Wire

/// The content of a metadata snapshot (KIP-630): a header control record, the state as records, a footer.
package enum MetadataSnapshot {
  private static let recordsPerBatch = 1000

  /// - Parameter now: milliseconds since 1970, for the header.
  package static func encode(_ records: [MetadataRecord], now: Int64) throws(RaftLogError) -> [UInt8] {
    var offset = Offset.zero
    var content: [UInt8] = []
    func add(_ builder: RecordBatchBuilder) throws(RaftLogError) {
      content += try MetadataLog.built(builder)
      offset = offset + Int64(builder.recordCount)
    }
    var header = SnapshotHeaderRecord()
    header.lastContainedLogTimestamp = now
    var control = RecordBatchBuilder(baseOffset: offset, leaderEpoch: .zero, isControl: true)
    control.append(key: ControlRecordType.snapshotHeader.key, value: header.encoded(version: 0), timestamp: now)
    try add(control)
    var index = 0
    while index < records.count {
      var batch = RecordBatchBuilder(baseOffset: offset, leaderEpoch: .zero)
      for record in records[index..<min(index + recordsPerBatch, records.count)] {
        batch.append(key: nil, value: record.encoded(), timestamp: now)
      }
      try add(batch)
      index += recordsPerBatch
    }
    var footer = RecordBatchBuilder(baseOffset: offset, leaderEpoch: .zero, isControl: true)
    footer.append(
      key: ControlRecordType.snapshotFooter.key, value: SnapshotFooterRecord().encoded(version: 0), timestamp: now)
    try add(footer)
    return content
  }

  /// The records of a snapshot; it must be whole: every checksum right and the footer there.
  package static func decode(_ content: [UInt8]) throws(RaftLogError) -> [MetadataRecord] {
    do {
      return try content.withUnsafeBytes { raw in
        var records: [MetadataRecord] = []
        var isWhole = false
        var batches = RecordBatchSequence(raw)
        while let (header, batch) = try batches.next() {
          try RecordBatch.verifyChecksum(batch, header: header)
          var iterator = try RecordIterator(batch: batch, maxDecompressedBytes: 256 << 20)
          while let record = try iterator.next() {
            if header.isControl {
              if let key = record.key, ControlRecordType(key: key) == .snapshotFooter { isWhole = true }
            } else if let value = record.value {
              records.append(try MetadataRecord.decode(value))
            }
          }
        }
        guard isWhole, batches.position == raw.count else { throw RaftLogError.corrupt("the snapshot has no footer") }
        return records
      }
    } catch let error as RaftLogError { throw error } catch { throw .corrupt("snapshot: \(error)") }
  }
}
