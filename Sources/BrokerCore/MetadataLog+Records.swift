import Consensus
import Primitives
import Records
import Wire

extension MetadataLog {
  /// What one read of committed batches gave.
  package struct CommittedRecords {
    package var records: [(offset: Offset, record: MetadataRecord)]
    /// One past the last batch that was read; control records count.
    package var next: Offset
    /// The epoch of the last batch.
    package var epoch: LeaderEpoch
  }

  /// Decodes whole batches from `offset` on that end at or below `end`; at least one, or it is an error.
  package func records(from offset: Offset, upTo end: Offset) throws(RaftLogError) -> CommittedRecords {
    let bytes = try read(from: offset, maxBytes: 1 << 20)
    var found = CommittedRecords(records: [], next: offset, epoch: .none)
    do {
      try bytes.withUnsafeBytes { raw in
        var batches = RecordBatchSequence(raw)
        while let (header, batch) = try batches.next(), header.nextOffset <= end {
          found.next = header.nextOffset
          found.epoch = header.leaderEpoch
          if header.isControl { continue }
          var iterator = try RecordIterator(batch: batch, maxDecompressedBytes: 256 << 20)
          while let record = try iterator.next() {
            guard let value = record.value, record.offset >= offset else { continue }
            found.records.append((record.offset, try MetadataRecord.decode(value)))
          }
        }
      }
    } catch { throw .corrupt("committed records at offset \(offset): \(error)") }
    guard found.next > offset else { throw .corrupt("no batch at committed offset \(offset)") }
    return found
  }
}
