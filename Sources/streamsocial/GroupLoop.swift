import ClusterHost
import CommandLineTool
import KafkaClient
import Synchronization

/// `consume --group`: prints what a group's member gets until it is enough or somebody interrupts, then leaves the
/// group in order, so that others go on at once and at the right place.
struct GroupLoop: Sendable {
  let servers: String
  let topic: String
  let group: String
  let fromStart: Bool
  let stopsAtEnd: Bool
  let printer: Consume.Printer

  func run() async throws {
    let shared = Stop()
    Signals.onTermination { shared.raise() }
    let loop = self
    try await WorkerThread.run { () throws(ClientError) in try loop.read(until: shared) }
  }

  final class Stop: Sendable {
    private let flag = Atomic<Bool>(false)
    func raise() { flag.store(true, ordering: .releasing) }
    var isRaised: Bool { flag.load(ordering: .acquiring) }
  }

  private func read(until stop: Stop) throws(ClientError) {
    let reader = try GroupReader(bootstrapServers: servers, topic: topic, group: group, fromStart: fromStart)
    defer { reader.close() }
    var printer = printer
    var lastTrouble = ""
    while !stop.isRaised {
      switch try reader.next(timeoutMilliseconds: 100) {
      case .record(let record):
        do {
          defer { reader.done(record) }
          try printer.print([Self.fields(record)])
        } catch {
          return
        }
      case .atEnd: if stopsAtEnd { return }
      case .trouble(let error):
        if error.description != lastTrouble { Terminal.printError("streamsocial: \(error); trying on") }
        lastTrouble = error.description
      case .nothing: break
      }
    }
  }

  private static func fields(_ record: GroupReader.Record) -> RecordFields {
    var fields = RecordFields()
    fields.topic = record.topic
    fields.partition = record.partition
    fields.offset = record.offset
    fields.timestamp = record.timestamp
    fields.key = record.key
    fields.value = record.value
    fields.headers = record.headers
    return fields
  }
}
