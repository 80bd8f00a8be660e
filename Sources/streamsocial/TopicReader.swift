import CommandLineTool
import KafkaClient
import Primitives
import Records

/// Reads partitions of a topic between two places, through their leaders' deaths.
struct TopicReader {
  private struct Position {
    var partition: Int32
    var next: Int64
    /// Not read any more; nil: for ever.
    var end: Int64?
    var isDone: Bool { end.map { next >= $0 } ?? false }
  }

  private var client: TopicClient
  private var positions: [Position] = []

  init(_ arguments: Arguments) async throws {
    client = try await SharedOptions.topic(arguments)
    let stopsAtEnd = Consume.stopsAtEnd(arguments)
    let range = try Consume.range(arguments) ?? OffsetRange(from: stopsAtEnd ? .start : .end)
    let chosen = try Consume.chosen(arguments)
    if let unknown = chosen?.first(where: { id in !client.topic.partitions.contains { $0.id == id } }) {
      throw AdminError.refused(
        code: .unknownTopicOrPartition,
        message: "\(client.topic.name) has no partition \(unknown), only \(client.topic.partitions.count) from 0")
    }
    for partition in client.topic.partitions.map(\.id) where chosen?.contains(partition) ?? true {
      var position = Position(partition: partition, next: try await place(range.from, partition))
      if let to = range.to { position.end = try await place(to, partition) }
      if stopsAtEnd {
        let last = try await client.offset(of: partition, at: -1)
        position.end = min(position.end ?? last, last)
      }
      positions.append(position)
    }
  }

  private mutating func place(_ place: OffsetRange.Place, _ partition: Int32) async throws -> Int64 {
    switch place {
    case .start: return try await client.offset(of: partition, at: -2)
    case .end: return try await client.offset(of: partition, at: -1)
    case .offset(let offset): return offset
    case .afterStart(let count): return try await client.offset(of: partition, at: -2).addingClamped(count)
    case .beforeEnd(let count):
      let first = try await client.offset(of: partition, at: -2)
      return max(first, try await client.offset(of: partition, at: -1).addingClamped(-count))
    case .time(let time):
      let offset = try await client.offset(of: partition, at: time)
      return offset >= 0 ? offset : try await client.offset(of: partition, at: -1)
    }
  }

  /// Hands over records until all ends are reached or `each` throws `Enough`.
  mutating func run(_ each: ([RecordFields]) throws -> Void) async throws {
    var silentSince = ContinuousClock.now
    do {
      while positions.contains(where: { !$0.isDone }) {
        let wanted = positions.filter { !$0.isDone }.map { (partition: $0.partition, offset: $0.next) }
        var trouble: AdminError?
        var positions = positions
        let name = client.topic.name
        do {
          try await client.fetch(wanted, wait: 100) { answers in
            for answer in answers {
              guard let index = positions.firstIndex(where: { $0.partition == answer.partition }) else { continue }
              if let error = answer.error {
                trouble = try Self.handle(error, answer, name, &positions[index])
              } else {
                try Self.take(answer, name, &positions[index], each)
              }
            }
          }
        } catch let error as AdminError {
          trouble = error
        }
        self.positions = positions
        guard let trouble else {
          silentSince = .now
          continue
        }
        guard trouble.maySoonPass, ContinuousClock.now < silentSince + client.timeout else { throw trouble }
        await client.settle()
      }
    } catch is Consume.Enough {}
  }

  /// Returns what may soon pass; throws what will not.
  private static func handle(
    _ error: ErrorCode, _ answer: TopicClient.Fetched, _ topic: String, _ position: inout Position
  ) throws -> AdminError? {
    let place = "\(topic)-\(position.partition)"
    guard error == .offsetOutOfRange else { return .refused(code: error, message: place) }
    // Retention took what was asked for.
    if answer.logStartOffset > position.next {
      Terminal.printError(
        "\(place): offsets \(position.next) to \(answer.logStartOffset - 1) are gone; going on at \(answer.logStartOffset)"
      )
      position.next = answer.logStartOffset
      return nil
    }
    throw AdminError.refused(code: error, message: "\(place) has no offset \(position.next) yet")
  }

  private static func take(
    _ answer: TopicClient.Fetched, _ topic: String, _ position: inout Position, _ each: ([RecordFields]) throws -> Void
  ) throws {
    var found: [RecordFields] = []
    let from = position.next
    let end = position.end ?? .max
    var next = from
    try answer.batches.withUnsafeBytes { raw in
      var batches = RecordBatchSequence(raw)
      while let (header, batch) = try batches.next() {
        next = max(next, header.nextOffset.rawValue)
        if header.isControl { continue }
        var records = try RecordIterator(batch: batch, maxDecompressedBytes: 256 << 20)
        while let record = try records.next() {
          // A batch may begin before the offset that was asked for, and end behind the last.
          guard record.offset.rawValue >= from, record.offset.rawValue < end else { continue }
          found.append(fields(record, header, answer, topic))
        }
      }
    }
    position.next = next
    if !found.isEmpty { try each(found) }
  }

  private static func fields(
    _ record: Record, _ header: RecordBatchHeader, _ answer: TopicClient.Fetched, _ topic: String
  ) -> RecordFields {
    var fields = RecordFields()
    fields.topic = topic
    fields.partition = answer.partition
    fields.offset = record.offset.rawValue
    fields.leaderEpoch = header.leaderEpoch.rawValue
    fields.timestamp = record.timestamp
    fields.key = record.key.map { Array($0) }
    fields.value = record.value.map { Array($0) }
    fields.headers = ((try? record.headers()) ?? []).map { (Array($0.key), $0.value.map { Array($0) }) }
    fields.producerID = header.producerID.rawValue
    fields.producerEpoch = header.producerEpoch
    fields.logStartOffset = answer.logStartOffset
    fields.lastStableOffset = answer.lastStableOffset
    fields.highWatermark = answer.highWatermark
    return fields
  }
}

extension Int64 {
  /// Never less than 0 nor more than fits.
  fileprivate func addingClamped(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other > 0 ? .max : 0) : Swift.max(0, sum)
  }
}
