import KafkaClient
import Primitives
import Records
import Wire

/// Reads some messages of a topic: the newest, from an offset, or from a time, with a search in key and value. What it
/// reads and returns is capped, whatever the topic holds.
struct MessageSearch {
  enum From {
    case newest
    case offset(Int64)
    /// Milliseconds since 1970.
    case time(Int64)
  }

  static let limitMax = 500
  /// Records looked at for one request, over all partitions.
  static let scannedMax = 20_000
  /// Bytes fetched for one request.
  static let bytesMax = 32 << 20
  static let valueMax = 64 << 10
  static let answerMax = 4 << 20

  var from = From.newest
  /// Nil: all.
  var partition: Int32?
  var limit = 50
  /// Bytes that the key, the value must contain; empty: any.
  var key: [UInt8] = []
  var value: [UInt8] = []

  private var isNewest: Bool { if case .newest = from { true } else { false } }
  private var hasFilter: Bool { !key.isEmpty || !value.isEmpty }

  func run(_ reader: TopicReader) async throws -> MessagesAnswer {
    var answer = MessagesAnswer(messages: [], scanned: 0, complete: true)
    let wanted = try partition.map { [try reader.partition($0)] } ?? reader.partitions
    var budget = Budget(
      records: Self.scannedMax / max(1, wanted.count), bytes: Self.bytesMax / max(1, wanted.count))
    for partition in wanted {
      // One partition without a leader must not hide the others, unless it is the one asked for.
      do {
        let found = try await read(partition, reader, &budget)
        answer.messages += found.messages
        answer.scanned += found.scanned
        answer.complete = answer.complete && found.complete
      } catch {
        if self.partition != nil { throw error }
        answer.complete = false
      }
      budget.reset()
    }
    if isNewest {
      answer.messages.sort { ($0.timestamp, $0.offset) > ($1.timestamp, $1.offset) }
    } else {
      answer.messages.sort { ($0.timestamp, $0.partition, $0.offset) < ($1.timestamp, $1.partition, $1.offset) }
    }
    if answer.messages.count > limit { answer.messages.removeLast(answer.messages.count - limit) }
    answer.cap(Self.answerMax)
    return answer
  }

  private struct Budget {
    let recordsMax: Int
    let bytesMax: Int
    var records: Int
    var bytes: Int
    init(records: Int, bytes: Int) {
      recordsMax = records
      bytesMax = bytes
      self.records = records
      self.bytes = bytes
    }
    mutating func reset() { (records, bytes) = (recordsMax, bytesMax) }
  }

  private func read(
    _ partition: TopicDescription.Partition, _ reader: TopicReader, _ budget: inout Budget
  ) async throws -> MessagesAnswer {
    let leader = try await reader.leader(of: partition)
    let start = try await reader.offset(of: partition.id, timestamp: -2, at: leader) ?? 0
    let end = try await reader.offset(of: partition.id, timestamp: -1, at: leader) ?? start
    var next: Int64
    switch from {
    case .newest: next = max(start, end - Int64(hasFilter ? budget.records : limit))
    case .offset(let offset): next = max(start, offset)
    case .time(let time):
      next = try await reader.offset(of: partition.id, timestamp: max(0, time), at: leader) ?? end
    }
    var found = MessagesAnswer(messages: [], scanned: 0, complete: true)
    while next < end {
      guard isNewest || found.messages.count < limit else { break }
      guard budget.records > 0, budget.bytes > 0 else {
        found.complete = false
        break
      }
      let bytes = try await fetch(partition, at: next, reader.topic, leader, budget.bytes)
      budget.bytes -= bytes.count
      let before = next
      next = try take(bytes, partition.id, next, end, &found, &budget)
      guard next > before else { break }
    }
    if isNewest, found.messages.count > limit { found.messages.removeFirst(found.messages.count - limit) }
    return found
  }

  private func fetch(
    _ partition: TopicDescription.Partition, at offset: Int64, _ topic: String, _ leader: AdminConnection,
    _ bytesLeft: Int
  ) async throws -> [UInt8] {
    var wanted = FetchRequest.FetchPartition()
    wanted.partition = partition.id
    wanted.fetchOffset = offset
    wanted.partitionMaxBytes = Int32(clamping: min(bytesLeft, 1 << 20))
    var entry = FetchRequest.FetchTopic()
    entry.topic = topic
    entry.partitions = [wanted]
    var request = FetchRequest()
    request.maxWaitMs = 100
    request.minBytes = 1
    request.maxBytes = wanted.partitionMaxBytes
    request.isolationLevel = 1
    request.topics = [entry]
    // Version 13 and later name topics by id.
    let response = try await leader.send(request, upTo: 12, timeout: TopicReader.patience)
    guard response.errorCode == 0, let data = response.responses.first?.partitions.first else {
      throw APIError(502, "cluster", "partition \(partition.id): \(APIError.name(response.errorCode))")
    }
    guard data.errorCode == 0 else {
      throw APIError(502, "cluster", "partition \(partition.id): \(APIError.name(data.errorCode))")
    }
    guard case .owned(let bytes) = data.records else { return [] }
    return bytes
  }

  /// Decodes what was fetched until a bound is met; returns the offset to go on from.
  private func take(
    _ bytes: [UInt8], _ partition: Int32, _ from: Int64, _ end: Int64, _ found: inout MessagesAnswer,
    _ budget: inout Budget
  ) throws -> Int64 {
    var next = from
    try bytes.withUnsafeBytes { raw in
      var batches = RecordBatchSequence(raw)
      while let batch = try batches.next() {
        if !batch.header.isControl {
          var records = try RecordIterator(batch: batch.bytes, maxDecompressedBytes: Self.bytesMax)
          while let record = try records.next() {
            let offset = record.offset.rawValue
            guard offset >= from, offset < end else { continue }
            // A small batch can hold millions of records: the bounds are kept at each.
            guard budget.records > 0, isNewest || found.messages.count < limit else { return }
            next = max(next, offset + 1)
            found.scanned += 1
            budget.records -= 1
            guard Self.contains(record.key, key), Self.contains(record.value, value) else { continue }
            found.messages.append(try MessagesAnswer.Message(record, partition: partition, valueMax: Self.valueMax))
            if isNewest, found.messages.count >= 2 * limit {
              found.messages.removeFirst(found.messages.count - limit)
            }
          }
        }
        // What a broker says may be anything: an overflow only ends the search.
        next = max(next, batch.header.baseOffset.rawValue &+ Int64(batch.header.lastOffsetDelta) &+ 1)
      }
    }
    return next
  }

  private static func contains(_ bytes: UnsafeRawBufferPointer?, _ pattern: [UInt8]) -> Bool {
    if pattern.isEmpty { return true }
    guard let bytes, bytes.count >= pattern.count else { return false }
    let first = pattern[0]
    return (0...(bytes.count - pattern.count)).contains { start in
      bytes[start] == first && pattern.indices.allSatisfy { bytes[start + $0] == pattern[$0] }
    }
  }
}
