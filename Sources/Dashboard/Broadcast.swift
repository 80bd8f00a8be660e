import HTTPServer
import Monitor

/// The open event streams and what they have been told. On the loop's thread only.
struct Broadcast {
  private var streams: [EventStream] = []
  private var partitionsVersion = -1
  private var alerts: AlertList?
  private var lastMarker = -1
  private var latest: MonitorReport?

  /// A new reader gets all there is; later only what is new.
  mutating func add(_ stream: EventStream) {
    streams.removeAll(where: \.isClosed)
    streams.append(stream)
    guard let latest else { return }
    Self.send("partitions", latest.partitions, to: [stream])
    Self.send("alerts", latest.alerts, to: [stream])
    Self.send("model", latest.model, to: [stream])
  }

  mutating func take(_ report: MonitorReport) {
    streams.removeAll(where: \.isClosed)
    latest = report
    let newMarkers = report.timeline.markers.filter { $0.number > lastMarker }
    lastMarker = report.timeline.markers.last?.number ?? lastMarker
    let isNewMap = report.partitions.version != partitionsVersion
    partitionsVersion = report.partitions.version
    let areNewAlerts = report.alerts != alerts
    alerts = report.alerts
    // Nobody looks: nothing is encoded.
    guard !streams.isEmpty else { return }
    if isNewMap { Self.send("partitions", report.partitions, to: streams) }
    if areNewAlerts { Self.send("alerts", report.alerts, to: streams) }
    if let point = report.timeline.points.last {
      Self.send("second", Second(point: point, markers: newMarkers), to: streams, replacing: false)
    }
    Self.send("model", report.model, to: streams)
  }

  mutating func close() {
    for stream in streams { stream.close() }
    streams = []
  }

  private struct Second: Encodable {
    var point: TimelinePoint
    var markers: [Marker]
  }

  private static func send(
    _ name: String, _ value: some Encodable, to streams: [EventStream], replacing: Bool = true
  ) {
    guard let data = APIJSON.bytes(value) else { return }
    let event = ServerSentEvent(name: name, data: data)
    for stream in streams { stream.send(event, replacingQueued: replacing) }
  }
}
