import KafkaClient
import Primitives
import Records
import Wire

extension MessageSearch {
  /// What may still be read of a partition.
  struct Budget {
    var records: Int
    var bytes: Int
  }

  /// A partition and where it can be read.
  private struct Place {
    var topic: String
    var partition: Int32
    var leader: AdminConnection
  }

  /// A stretch of offsets, read forward as brokers give them.
  private struct Stretch {
    /// By offset; going backward, only the newest.
    var messages: [MessagesAnswer.Message] = []
    var next: Int64
    var scanned = 0
    var bytes = 0
    /// False when the budget ended before the stretch did.
    var isWhole = true
  }

  func read(
    _ partition: TopicDescription.Partition, _ reader: TopicReader, _ budget: Budget
  ) async throws -> Found {
    let leader = try await reader.leader(of: partition)
    let place = Place(topic: reader.topic, partition: partition.id, leader: leader)
    func offset(_ timestamp: Int64) async throws -> Int64? {
      try await reader.offset(of: partition.id, timestamp: timestamp, isolation: .readCommitted, at: leader)
    }
    let start = try await offset(-2) ?? 0
    let end = max(start, try await offset(-1) ?? start)
    switch from {
    case .newest:
      return try await goBackward(from: max(start, min(end, before[partition.id] ?? end)), to: start, at: place, budget)
    case .offset(let offset):
      return try await goForward(from: max(start, offset), to: end, at: place, budget)
    case .time(let time):
      return try await goForward(from: max(start, offset(max(0, time)) ?? end), to: end, at: place, budget)
    }
  }

  private func goForward(from: Int64, to end: Int64, at place: Place, _ budget: Budget) async throws -> Found {
    guard from < end else { return Found() }
    let stretch = try await scan(from..<end, at: place, budget)
    return Found(messages: stretch.messages, scanned: stretch.scanned, isComplete: stretch.isWhole)
  }

  /// Stretch by stretch, each before the last and longer than that, until there is enough.
  private func goBackward(from: Int64, to start: Int64, at place: Place, _ budget: Budget) async throws -> Found {
    var found = Found(begunBelow: from, lookedBackTo: from, start: start)
    var budget = budget
    var length = Int64(hasFilter ? Self.limitMax : limit)
    while found.lookedBackTo > start, found.messages.count < limit {
      // Something is looked at in any case, so that who goes on from there gets on.
      guard budget.records > 0 && budget.bytes > 0 || found.lookedBackTo == from else {
        found.isComplete = false
        break
      }
      let begin = max(start, found.lookedBackTo - length)
      let part = Budget(records: max(1, budget.records), bytes: max(1, budget.bytes / 2))
      let stretch = try await scan(begin..<found.lookedBackTo, at: place, part)
      budget.records -= stretch.scanned
      budget.bytes -= stretch.bytes
      guard stretch.isWhole || length == 1 else {
        length = max(1, length / 8)
        continue
      }
      found.messages += stretch.messages.reversed()
      found.scanned += stretch.scanned
      found.lookedBackTo = begin
      length = next(length, after: stretch, budget)
    }
    if found.messages.count >= limit, limit > 0 {
      found.messages.removeLast(found.messages.count - limit)
      found.lookedBackTo = found.messages[limit - 1].offset
    }
    return found
  }

  /// How many offsets to go back next: more than before, but no more than can be expected to fit.
  private func next(_ length: Int64, after stretch: Stretch, _ budget: Budget) -> Int64 {
    let length = Double(length)
    let byRecords = max(Double(budget.records), length * Double(budget.records) / Double(max(1, stretch.scanned)) / 2)
    let byBytes = length * Double(budget.bytes) / Double(max(1, stretch.bytes)) / 2
    return Int64(max(1, min(4 * length, byRecords, byBytes, 1e15)))
  }

  private func scan(_ offsets: Range<Int64>, at place: Place, _ budget: Budget) async throws -> Stretch {
    var stretch = Stretch(next: offsets.lowerBound)
    while stretch.next < offsets.upperBound, isNewest || stretch.messages.count < limit {
      guard stretch.scanned < budget.records, stretch.bytes < budget.bytes else {
        stretch.isWhole = false
        break
      }
      let before = stretch.next
      let (bytes, aborted) = try await fetch(before, at: place, budget.bytes - stretch.bytes)
      stretch.bytes += bytes.count
      try take(bytes, aborted, place.partition, offsets, &stretch, recordsMax: budget.records)
      guard stretch.next > before else { break }
    }
    return stretch
  }

  private func fetch(
    _ offset: Int64, at place: Place, _ bytesLeft: Int
  ) async throws -> (bytes: [UInt8], aborted: AbortedTransactions) {
    var wanted = FetchRequest.FetchPartition()
    wanted.partition = place.partition
    wanted.fetchOffset = offset
    wanted.partitionMaxBytes = Int32(clamping: min(bytesLeft, 1 << 20))
    var entry = FetchRequest.FetchTopic()
    entry.topic = place.topic
    entry.partitions = [wanted]
    var request = FetchRequest()
    request.maxWaitMs = 100
    request.minBytes = 1
    request.maxBytes = wanted.partitionMaxBytes
    request.isolationLevel = TopicReader.Isolation.readCommitted.rawValue
    request.topics = [entry]
    // Version 13 and later name topics by id.
    let response = try await place.leader.send(request, upTo: 12, timeout: TopicReader.patience)
    guard response.errorCode == 0, let data = response.responses.first?.partitions.first else {
      throw APIError(502, "cluster", "partition \(place.partition): \(APIError.name(response.errorCode))")
    }
    guard data.errorCode == 0 else {
      throw APIError(502, "cluster", "partition \(place.partition): \(APIError.name(data.errorCode))")
    }
    guard case .owned(let bytes) = data.records else { return ([], AbortedTransactions(nil)) }
    return (bytes, AbortedTransactions(data.abortedTransactions))
  }

  /// Decodes what was fetched until a bound is met.
  private func take(
    _ bytes: [UInt8], _ aborted: AbortedTransactions, _ partition: Int32, _ offsets: Range<Int64>,
    _ stretch: inout Stretch, recordsMax: Int
  ) throws {
    let from = stretch.next
    var aborted = aborted
    try bytes.withUnsafeBytes { raw in
      var batches = RecordBatchSequence(raw)
      while let batch = try batches.next() {
        guard batch.header.baseOffset.rawValue < offsets.upperBound else {
          stretch.next = offsets.upperBound
          return
        }
        if try !aborted.hides(batch.header, batch.bytes) {
          var records = try RecordIterator(batch: batch.bytes, maxDecompressedBytes: Self.bytesMax)
          while let record = try records.next() {
            let offset = record.offset.rawValue
            guard offset >= from, offset < offsets.upperBound else { continue }
            // A small batch can hold millions of records: the bounds are kept at each.
            guard stretch.scanned < recordsMax, isNewest || stretch.messages.count < limit else { return }
            stretch.next = max(stretch.next, offset + 1)
            stretch.scanned += 1
            guard Self.contains(record.key, key), Self.contains(record.value, value) else { continue }
            stretch.messages.append(
              try MessagesAnswer.Message(record, partition: partition, valueMax: Self.valueMax))
            if isNewest, stretch.messages.count >= 2 * limit {
              stretch.messages.removeFirst(stretch.messages.count - limit)
            }
          }
        }
        // What a broker says may be anything: an overflow only ends the search.
        stretch.next = max(stretch.next, batch.header.nextOffset.rawValue)
      }
    }
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
