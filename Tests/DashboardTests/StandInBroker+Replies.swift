extension StandInBroker {
  /// Kafka's numbers of the requests that it knows, and the one version of each.
  private static let versions: [Int16: Int16] = [0: 3, 1: 4, 2: 2, 3: 1, 18: 0]

  /// The answer to a request, without its length.
  func reply(to request: [UInt8]) -> [UInt8] {
    var request = HandMadeBytes(request)
    let api: Int16 = request.take()
    let _: Int16 = request.take()
    var reply = HandMadeBytes()
    reply.put(request.take() as Int32)
    _ = request.takeText()
    switch api {
    case 0: produced(&reply)
    case 1: fetched(&request, &reply)
    case 2: offsets(&request, &reply)
    case 3: metadata(&reply)
    default: versions(&reply)
    }
    return reply.bytes
  }

  private func versions(_ reply: inout HandMadeBytes) {
    reply.put(Int16(0))
    reply.put(Int32(Self.versions.count))
    for (api, version) in Self.versions.sorted(by: { $0.key < $1.key }) {
      for number in [api, version, version] { reply.put(number) }
    }
  }

  /// One broker, which leads everything.
  private func metadata(_ reply: inout HandMadeBytes) {
    reply.put(Int32(1))
    reply.put(Int32(1))
    reply.put(text: "127.0.0.1")
    reply.put(Int32(port))
    reply.put(Int16(-1))
    reply.put(Int32(1))
    reply.put(Int32(1))
    reply.put(Int16(0))
    reply.put(text: Self.topic)
    reply.put(Int8(0))
    reply.put(Int32(logs.count))
    for index in logs.indices {
      reply.put(Int16(0))
      for number in [Int32(index), 1, 1, 1, 1, 1] { reply.put(number) }
    }
  }

  private func offsets(_ request: inout HandMadeBytes, _ reply: inout HandMadeBytes) {
    let _: Int32 = request.take()
    let _: Int8 = request.take()
    let _: Int32 = request.take()
    _ = request.takeText()
    let count: Int32 = request.take()
    reply.put(Int32(0))
    reply.put(Int32(1))
    reply.put(text: Self.topic)
    reply.put(count)
    for _ in 0..<count {
      let partition: Int32 = request.take()
      let timestamp: Int64 = request.take()
      let log = logs[Int(partition)]
      reply.put(partition)
      reply.put(Int16(0))
      reply.put(Int64(-1))
      reply.put(timestamp == -2 ? log.start : log.end)
    }
  }

  /// One partition's whole batches from the one with the wanted offset on, at least one.
  private func fetched(_ request: inout HandMadeBytes, _ reply: inout HandMadeBytes) {
    for _ in 0..<4 { let _: Int32 = request.take() }
    let _: Int8 = request.take()
    let _: Int32 = request.take()
    _ = request.takeText()
    let _: Int32 = request.take()
    let partition: Int32 = request.take()
    let offset: Int64 = request.take()
    let most: Int32 = request.take()
    let log = logs[Int(partition)]
    var records: [UInt8] = []
    for batch in log.batches where batch.lastOffset >= offset {
      if !records.isEmpty, records.count + batch.bytes.count > Int(most) { break }
      records += batch.bytes
    }
    reply.put(Int32(0))
    reply.put(Int32(1))
    reply.put(text: Self.topic)
    reply.put(Int32(1))
    reply.put(partition)
    reply.put(Int16(0))
    reply.put(log.end)
    reply.put(log.end)
    reply.put(Int32(log.aborted.count))
    for (producer, firstOffset) in log.aborted {
      reply.put(producer)
      reply.put(firstOffset)
    }
    reply.put(Int32(records.count))
    reply.bytes += records
  }

  private func produced(_ reply: inout HandMadeBytes) {
    reply.put(Int32(1))
    reply.put(text: Self.topic)
    reply.put(Int32(1))
    reply.put(Int32(0))
    reply.put(Int16(0))
    reply.put(Int64(7))
    reply.put(Int64(-1))
    reply.put(Int32(0))
  }
}
