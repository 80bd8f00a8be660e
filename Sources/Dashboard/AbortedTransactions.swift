import Records
import Wire

/// Tells which batches of one Fetch answer are not to be shown under read-committed isolation (KIP-98): the leader sends
/// those of aborted transactions, too, and names their producers; leaving them out is the client's part.
///
/// A producer's transactional batches are left out from the offset where its transaction began until its ABORT marker.
struct AbortedTransactions {
  /// Those that the batches have not come to yet, the next one last.
  private var ahead: [FetchResponse.AbortedTransaction]
  private var producers: Set<Int64> = []

  init(_ listed: [FetchResponse.AbortedTransaction]?) {
    ahead = (listed ?? []).sorted { $0.firstOffset > $1.firstOffset }
  }

  /// Whether a batch holds nothing to show: a control batch, or one of an aborted transaction. Asked once for each batch,
  /// in their order.
  mutating func hides(_ header: RecordBatchHeader, _ batch: UnsafeRawBufferPointer) throws(RecordError) -> Bool {
    guard header.hasProducerID else { return header.isControl }
    while let next = ahead.last, next.firstOffset <= header.lastOffset.rawValue {
      producers.insert(next.producerId)
      ahead.removeLast()
    }
    if header.isControl {
      if let marker = try EndTransactionMarker.read(batch: batch), !marker.isCommit {
        producers.remove(header.producerID.rawValue)
      }
      return true
    }
    return header.isTransactional && producers.contains(header.producerID.rawValue)
  }
}
