import Primitives
import Records

/// What a log remembers of its idempotent and transactional producers (KIP-98).
///
/// Per producer: its epoch and its last five batches, so that a batch sent again is recognised and a gap is refused;
/// the first offset of its open transaction; and which transactions ended at which marker.
public struct ProducerStateTable: Equatable, Sendable {
  /// A batch that was appended.
  public struct Batch: Equatable, Sendable {
    public var firstSequence: Int32
    public var lastSequence: Int32
    public var firstOffset: Offset
    public var lastOffset: Offset
    public var timestamp: Int64
  }

  public struct Producer: Equatable, Sendable {
    public var epoch: Int16
    /// At most five, oldest first.
    public var batches: [Batch] = []
    public var lastTimestamp: Int64 = -1
    public var coordinatorEpoch: Int32 = -1
    public var currentTransactionFirstOffset: Offset?

    public var lastSequence: Int32 { batches.last?.lastSequence ?? -1 }
    public var lastOffset: Offset { batches.last?.lastOffset ?? .none }
  }

  /// What is to be done with a batch.
  public enum Verdict: Equatable, Sendable {
    case append
    /// The batch was appended before: answer with its offsets and timestamp, append nothing.
    case duplicate(firstOffset: Offset, lastOffset: Offset, timestamp: Int64)
    case refuse(ErrorCode, String)
  }

  /// A transaction that ended, as a line of the transaction index wants it.
  public struct CompletedTransaction: Equatable, Sendable {
    public var producerID: ProducerID
    public var firstOffset: Offset
    /// The offset of the marker.
    public var lastOffset: Offset
    public var isAborted: Bool
  }

  static let remembered = 5

  public private(set) var producers: [ProducerID: Producer] = [:]
  /// First offsets of open transactions, ascending.
  private var ongoing: [Offset] = []
  /// Ended transactions whose marker may still lie above the high watermark, by first offset.
  private var unreplicated: [CompletedTransaction] = []

  public init() {}

  public func producer(_ id: ProducerID) -> Producer? { producers[id] }
  public var count: Int { producers.count }

  /// The first offset of the oldest open transaction, or of one whose marker is not below the high watermark yet.
  public func firstUnstableOffset(highWatermark: Offset) -> Offset? {
    let ended = unreplicated.first { $0.lastOffset >= highWatermark }?.firstOffset
    guard let open = ongoing.first else { return ended }
    return ended.map { min($0, open) } ?? open
  }

  /// The first offset of the oldest transaction that is still open.
  public var firstOpenTransactionOffset: Offset? { ongoing.first }

  /// Judges a batch before it is appended.
  ///
  /// - Parameter isFromClient: false for replication and recovery, where what the leader accepted is accepted.
  public func check(_ header: RecordBatchHeader, isFromClient: Bool) -> Verdict {
    guard header.hasProducerID, isFromClient, !header.isControl else { return .append }
    guard let producer = producers[header.producerID] else { return .append }
    if header.producerEpoch < producer.epoch {
      return .refuse(
        .invalidProducerEpoch,
        "Epoch \(header.producerEpoch) of producer \(header.producerID) is smaller than the current \(producer.epoch)")
    }
    if header.producerEpoch == producer.epoch {
      if let known = producer.batches.first(where: {
        $0.firstSequence == header.baseSequence && $0.lastSequence == header.lastSequence
      }) {
        return .duplicate(firstOffset: known.firstOffset, lastOffset: known.lastOffset, timestamp: known.timestamp)
      }
      let last = producer.lastSequence
      // No batch known: after a marker or a restart any sequence may follow.
      if last >= 0, header.baseSequence != (last &+ 1) & .max {
        return .refuse(
          .outOfOrderSequenceNumber,
          "Sequence \(header.baseSequence) of producer \(header.producerID) does not follow \(last)")
      }
    } else if header.baseSequence != 0 {
      return .refuse(
        .outOfOrderSequenceNumber,
        "New epoch \(header.producerEpoch) of producer \(header.producerID) begins with sequence \(header.baseSequence)"
      )
    }
    if producer.currentTransactionFirstOffset != nil, !header.isTransactional {
      return .refuse(
        .invalidTxnState, "Producer \(header.producerID) wrote outside its open transaction")
    }
    return .append
  }

  /// Judges a transaction marker of the coordinator.
  public func checkMarker(_ header: RecordBatchHeader, coordinatorEpoch: Int32) -> Verdict {
    guard let producer = producers[header.producerID] else { return .append }
    if header.producerEpoch < producer.epoch {
      return .refuse(.invalidProducerEpoch, "Marker of epoch \(header.producerEpoch), current is \(producer.epoch)")
    }
    if coordinatorEpoch < producer.coordinatorEpoch {
      return .refuse(
        .transactionCoordinatorFenced,
        "Coordinator epoch \(coordinatorEpoch) is smaller than the current \(producer.coordinatorEpoch)")
    }
    return .append
  }

  /// Takes note of an appended data batch; the header bears its final offsets.
  public mutating func update(_ header: RecordBatchHeader) {
    guard header.hasProducerID, !header.isControl else { return }
    let first = header.baseOffset
    let timestamp = header.maxTimestamp
    let batch = Batch(
      firstSequence: header.baseSequence, lastSequence: header.lastSequence, firstOffset: first,
      lastOffset: header.lastOffset, timestamp: timestamp)
    var opened = false
    producers[header.producerID, default: Producer(epoch: header.producerEpoch)].add(
      batch, epoch: header.producerEpoch, isTransactional: header.isTransactional, opened: &opened)
    if opened { open(first) }
  }

  /// Takes note of an appended transaction marker. Returns the transaction that it ended, if one was open.
  @discardableResult
  public mutating func complete(
    _ header: RecordBatchHeader, marker: EndTransactionMarker
  ) -> CompletedTransaction? {
    guard header.hasProducerID else { return nil }
    var producer = producers[header.producerID] ?? Producer(epoch: header.producerEpoch)
    if producer.epoch != header.producerEpoch {
      producer.epoch = header.producerEpoch
      producer.batches.removeAll(keepingCapacity: true)
    }
    producer.coordinatorEpoch = marker.coordinatorEpoch
    producer.lastTimestamp = header.maxTimestamp
    let first = producer.currentTransactionFirstOffset
    producer.currentTransactionFirstOffset = nil
    producers[header.producerID] = producer
    guard let first else { return nil }
    if let index = ongoing.firstIndex(of: first) { ongoing.remove(at: index) }
    let ended = CompletedTransaction(
      producerID: header.producerID, firstOffset: first, lastOffset: header.baseOffset, isAborted: !marker.isCommit)
    let place = unreplicated.firstIndex { $0.firstOffset > first } ?? unreplicated.endIndex
    unreplicated.insert(ended, at: place)
    return ended
  }

  /// The last stable offset at the moment when `ended` was appended: what its line in the transaction index carries.
  public func lastStableOffset(ending ended: CompletedTransaction) -> Offset {
    ongoing.first ?? ended.lastOffset + 1
  }

  /// Forgets ended transactions whose marker is below the high watermark.
  public mutating func advance(highWatermark: Offset) {
    unreplicated.removeAll { $0.lastOffset < highWatermark }
  }

  /// Forgets producers that wrote nothing since `now − expiration` (milliseconds) and have no open transaction.
  public mutating func expire(now: Int64, expiration: Int64) {
    producers = producers.filter { _, producer in
      producer.currentTransactionFirstOffset != nil || now &- producer.lastTimestamp < expiration
    }
  }

  private mutating func open(_ offset: Offset) {
    let place = ongoing.firstIndex { $0 > offset } ?? ongoing.endIndex
    ongoing.insert(offset, at: place)
  }
}

extension ProducerStateTable.Producer {
  fileprivate mutating func add(
    _ batch: ProducerStateTable.Batch, epoch: Int16, isTransactional: Bool, opened: inout Bool
  ) {
    if epoch != self.epoch {
      self.epoch = epoch
      batches.removeAll(keepingCapacity: true)
    }
    if batches.count == ProducerStateTable.remembered { batches.removeFirst() }
    batches.append(batch)
    lastTimestamp = batch.timestamp
    if isTransactional, currentTransactionFirstOffset == nil {
      currentTransactionFirstOffset = batch.firstOffset
      opened = true
    }
  }
}

extension ProducerStateTable {
  static let entrySize = 8 + 2 + 4 + 8 + 4 + 8 + 4 + 8

  /// The bytes of a `.snapshot` file: version 1, CRC-32C of what follows, the count, the entries by producer id.
  public func snapshot() -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(4 + producers.count * Self.entrySize)
    func put<T: FixedWidthInteger>(_ value: T, into bytes: inout [UInt8]) {
      withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
    put(Int32(truncatingIfNeeded: producers.count), into: &body)
    for (id, producer) in producers.sorted(by: { $0.key < $1.key }) {
      let last = producer.batches.last
      put(id.rawValue, into: &body)
      put(producer.epoch, into: &body)
      put(last?.lastSequence ?? -1, into: &body)
      put(last?.lastOffset.rawValue ?? -1, into: &body)
      put(Int32(truncatingIfNeeded: last.map { $0.lastOffset - $0.firstOffset } ?? 0), into: &body)
      put(producer.lastTimestamp, into: &body)
      put(producer.coordinatorEpoch, into: &body)
      put(producer.currentTransactionFirstOffset?.rawValue ?? -1, into: &body)
    }
    var file: [UInt8] = []
    file.reserveCapacity(6 + body.count)
    put(Int16(1), into: &file)
    put(body.withUnsafeBytes { CRC32C.checksum($0) }, into: &file)
    file += body
    return file
  }

  /// Reads a `.snapshot` file; nil when its checksum or shape is wrong.
  public init?(snapshot file: [UInt8]) {
    guard file.count >= 10 else { return nil }
    let entries: [(ProducerID, Producer)]? = file.withUnsafeBytes { bytes in
      func load<T: FixedWidthInteger>(_ offset: Int, _: T.Type) -> T {
        T(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
      }
      guard load(0, Int16.self) == 1,
        load(2, UInt32.self) == CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[6...]))
      else { return nil }
      let count = Int(load(6, Int32.self))
      guard count >= 0, count <= bytes.count / Self.entrySize, bytes.count == 10 + count * Self.entrySize else {
        return nil
      }
      return (0..<count).map { index in
        let at = 10 + index * Self.entrySize
        let lastSequence = load(at + 10, Int32.self)
        let lastOffset = Offset(load(at + 14, Int64.self))
        let delta = load(at + 22, Int32.self)
        let timestamp = load(at + 26, Int64.self)
        let transaction = load(at + 38, Int64.self)
        var producer = Producer(epoch: load(at + 8, Int16.self))
        producer.lastTimestamp = timestamp
        producer.coordinatorEpoch = load(at + 34, Int32.self)
        producer.currentTransactionFirstOffset = transaction >= 0 ? Offset(transaction) : nil
        if lastOffset.rawValue >= 0 {
          let firstSequence = lastSequence < 0 ? -1 : (lastSequence &- delta) & .max
          producer.batches = [
            Batch(
              firstSequence: firstSequence, lastSequence: lastSequence, firstOffset: lastOffset - Int64(delta),
              lastOffset: lastOffset, timestamp: timestamp)
          ]
        }
        return (ProducerID(load(at, Int64.self)), producer)
      }
    }
    guard let entries else { return nil }
    for (id, producer) in entries {
      producers[id] = producer
      if let first = producer.currentTransactionFirstOffset { open(first) }
    }
  }
}
