/// Keeps the last five minutes in points of one second, and what happened in them.
///
/// A pure core. Seconds in which nothing was recorded become points of the verdict `unknown` without figures: a gap
/// is shown as a gap, and nothing is interpolated. Markers come from what differs between two rounds; what was unknown
/// in between is compared across.
public struct TimelineRecorder: Sendable {
  /// Points kept: one a second.
  public static let secondsMax = 300
  /// Markers kept, should more happen in five minutes.
  static let markersMax = 500

  public private(set) var timeline = Timeline()

  private var lastAt: Int64?
  private var markersMade = 0
  private var changes = TimelineChanges()

  public init() {}

  /// Takes in a round: its figures become the point of its second, what differs from the round before becomes
  /// markers. `fired`: the alerts that fired in this round.
  public mutating func record(_ model: ClusterModel, partitions: PartitionMap, fired: [Alert]) {
    add(TimelinePoint(model, second: second(of: model.at)))
    lastAt = model.at
    for change in changes.between(model, partitions) {
      mark(change.kind, broker: change.broker, text: change.text, at: model.at)
    }
    for alert in fired {
      let subject = alert.subject.map { ": \(Phrase.clean($0))" } ?? ""
      mark(.alert, broker: nil, text: "\(alert.name)\(subject)", at: model.at)
    }
    forget()
  }

  /// Draws a marker for something from outside: a fault injected by the lab or by an action. `at`: milliseconds since
  /// 1970.
  public mutating func mark(_ kind: Marker.Kind, broker: Int32?, text: String, at: Int64) {
    markersMade += 1
    let marker = Marker(number: markersMade, at: at, kind: kind, broker: broker, text: Phrase.clean(text))
    let place = timeline.markers.lastIndex { $0.at <= at }.map { $0 + 1 } ?? 0
    timeline.markers.insert(marker, at: place)
  }

  /// The second that a round belongs to. Rounds a second apart, give or take half of one, are put into consecutive
  /// seconds, so that a few milliseconds of jitter around a full second make no gap.
  private func second(of at: Int64) -> Int64 {
    let exact = at - at % 1_000
    guard let lastAt, let last = timeline.points.last?.at, (500...1_500).contains(at - lastAt) else { return exact }
    let next = last + 1_000
    return (exact - next).magnitude <= 1_000 ? next : exact
  }

  private mutating func add(_ point: TimelinePoint) {
    guard let last = timeline.points.last?.at else { return timeline.points.append(point) }
    let span = Int64(Self.secondsMax) * 1_000
    if point.at <= last - span || point.at > last + span {
      // The clock was set, or the monitor was away for longer than is kept.
      timeline.points = [point]
    } else if point.at <= last {
      var latest = point
      latest.at = last
      timeline.points[timeline.points.count - 1] = latest
    } else {
      for missing in stride(from: last + 1_000, to: point.at, by: 1_000) {
        timeline.points.append(TimelinePoint(at: missing, verdict: .unknown))
      }
      timeline.points.append(point)
    }
  }

  private mutating func forget() {
    let surplus = timeline.points.count - Self.secondsMax
    if surplus > 0 { timeline.points.removeFirst(surplus) }
    guard let first = timeline.points.first?.at else { return }
    timeline.markers.removeAll { $0.at < first }
    let markers = timeline.markers.count - Self.markersMax
    if markers > 0 { timeline.markers.removeFirst(markers) }
  }
}

extension TimelinePoint {
  init(_ model: ClusterModel, second: Int64) {
    self.init(at: second, verdict: model.verdict.word)
    eventsInPerSecond = model.traffic.eventsInPerSecond
    eventsOutPerSecond = model.traffic.eventsOutPerSecond
    targetPerSecond = model.traffic.targetPerSecond
    producePercentile50 = model.canary.producePercentile50
    producePercentile99 = model.canary.producePercentile99
    produceMax = model.canary.brokers.compactMap(\.produceMilliseconds).max()
    let errors = model.traffic.errorsPerSecond
    // No errors are a figure only where someone looked.
    if !errors.isEmpty || model.canary.brokers.contains(where: { $0.ok != nil }) {
      errorsPerSecond = errors.reduce(0) { $0 + $1.perSecond }
    }
    // The largest of some would seem to fall when the one that is furthest behind cannot be asked.
    lagMilliseconds = model.hidesLag ? nil : model.groups.compactMap(\.lagMilliseconds).max()
  }
}
