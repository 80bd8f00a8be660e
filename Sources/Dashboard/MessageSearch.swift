import KafkaClient

/// Reads some messages of a topic: the newest, from an offset, or from a time, with a search in key and value. What it
/// reads and returns is capped, whatever the topic holds.
///
/// Messages of one partition come in the order of their offsets, those of several are joined by their timestamps.
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
  /// With `newest`: only these partitions, each below an offset; empty: all from their ends.
  var before: [Int32: Int64] = [:]
  /// Nil: all.
  var partition: Int32?
  var limit = 50
  /// Bytes that the key, the value must contain; empty: any.
  var key: [UInt8] = []
  var value: [UInt8] = []

  var isNewest: Bool { if case .newest = from { true } else { false } }
  var hasFilter: Bool { !key.isEmpty || !value.isEmpty }

  /// What one partition had.
  struct Found {
    /// The newest first with `newest`, else by offset.
    var messages: [MessagesAnswer.Message] = []
    var scanned = 0
    var isComplete = true
    /// Going backward: where that began, how far it came, and where the partition's first offset is.
    var begunBelow: Int64 = 0
    var lookedBackTo: Int64 = 0
    var start: Int64 = 0
  }

  func run(_ reader: TopicReader) async throws -> MessagesAnswer {
    var answer = MessagesAnswer(messages: [], scanned: 0, complete: true)
    let wanted = try partitions(of: reader)
    let budget = Budget(
      records: max(1, Self.scannedMax / max(1, wanted.count)), bytes: max(1, Self.bytesMax / max(1, wanted.count)))
    var places: [(partition: Int32, count: Int, found: Found)] = []
    for partition in wanted {
      // One partition without a leader must not hide the others, unless it is the one asked for.
      do {
        var found = try await read(partition, reader, budget)
        answer.messages = joined(answer.messages, found.messages)
        answer.scanned += found.scanned
        answer.complete = answer.complete && found.isComplete
        let count = found.messages.count
        found.messages = []
        places.append((partition.id, count, found))
      } catch {
        if self.partition != nil || before.count == 1 { throw error }
        answer.complete = false
        if let below = before[partition.id] {
          places.append((partition.id, 0, Found(begunBelow: below, lookedBackTo: below)))
        }
      }
    }
    answer.cap(Self.answerMax)
    if isNewest {
      let shown = Dictionary(grouping: answer.messages, by: \.partition)
      answer.older = places.compactMap { place in
        let messages = shown[place.partition] ?? []
        let isCut = messages.count < place.count
        let before = isCut ? messages.last?.offset ?? place.found.begunBelow : place.found.lookedBackTo
        return before > place.found.start ? .init(partition: place.partition, before: before) : nil
      }
    }
    return answer
  }

  private func partitions(of reader: TopicReader) throws -> [TopicDescription.Partition] {
    if let partition { return [try reader.partition(partition)] }
    guard !before.isEmpty else { return reader.partitions }
    return try before.keys.sorted().map { try reader.partition($0) }
  }

  /// At most `limit` of two lists that are in order, taken from the front of either.
  private func joined(_ a: [MessagesAnswer.Message], _ b: [MessagesAnswer.Message]) -> [MessagesAnswer.Message] {
    var result: [MessagesAnswer.Message] = []
    var (rest, others) = (a[...], b[...])
    while result.count < limit {
      guard let first = rest.first, let other = others.first else { break }
      let isFirst = isNewest ? first.timestamp >= other.timestamp : first.timestamp <= other.timestamp
      result.append(isFirst ? first : other)
      if isFirst { rest.removeFirst() } else { others.removeFirst() }
    }
    result += (rest + others).prefix(limit - result.count)
    return result
  }
}
