import Metrics
import Primitives

/// Kafka's RequestMetrics: of each kind of request how many, how long in which part, and with which errors.
extension MetricsPage {
  /// One kind's figures of both loops.
  private struct Row {
    var labels: PrometheusLabels
    var name: String
    var parts: [(RequestMetrics.Figures, Instant)]

    func merged(_ part: KeyPath<RequestMetrics.Figures, WindowedHistogram>) -> Histogram {
      var all = Histogram()
      for (figures, at) in parts { all.merge(figures[keyPath: part].merged(at: at)) }
      return all
    }

    func total(_ part: KeyPath<RequestMetrics.Figures, WindowedHistogram>) -> UInt64 {
      parts.reduce(0) { $0 + $1.0[keyPath: part].total }
    }
  }

  mutating func writeRequests() {
    let rows = rows()
    let prefix = "kafka_network_requestmetrics_"
    page.metric(prefix + "requests_total", .counter, "Requests that were answered, by the version asked for.")
    for row in rows {
      for (version, count) in versions(row) {
        page.sample(count, row.labels.adding("version", "\(version)"))
      }
    }
    page.metric(
      prefix + "errors_total", .counter, "Error fields of responses, by code; NONE counts those that report none.")
    for row in rows {
      for (code, count) in errors(row) {
        page.sample(count, PrometheusLabels("error", code).adding("request", row.name))
      }
    }
    let times: [(String, KeyPath<RequestMetrics.Figures, WindowedHistogram> & Sendable, String)] = [
      ("totaltimems", \.total, "From the arrival of a request until its answer was given to the socket"),
      ("requestqueuetimems", \.requestQueue, "Waiting for the requests that came before it in the same turn"),
      ("localtimems", \.local, "Handling"),
      ("remotetimems", \.remote, "Waiting for followers, the controller, or data to come"),
      ("responsequeuetimems", \.responseQueue, "Waiting for earlier answers on the same connection"),
      ("responsesendtimems", \.responseSend, "Until the answer was given to the socket"),
    ]
    for (name, part, help) in times {
      write(
        prefix + name, rows, part, scale: 1000, "\(help), in milliseconds; of the last minute, NaN without requests.")
    }
    write(prefix + "requestbytes", rows, \.requestBytes, scale: 1, "Sizes of requests; of the last minute.")
    writeQueue()
  }

  /// Kafka's network threads put requests into a queue for its handlers. A loop here handles at once what it has read:
  /// between two turns nothing waits, and a count taken then would always be 0. What a request waits for are those that
  /// came before it in the same turn, so the figure is how many waited at once on average.
  private mutating func writeQueue() {
    guard let data = facts.data, let control = facts.control else { return }
    func waiting(_ requests: RequestFigures, at now: Instant) -> Double {
      requests.figures.reduce(0.0) { $0 + $1.requestQueue.meanConcurrency(at: now) }
    }
    let mean = waiting(data.requests, at: data.at) + waiting(control.requests, at: control.at)
    gauge(
      "kafka_network_requestchannel_requestqueuesize", mean,
      "Requests that wait for those that came before them in the same turn: how many at once, mean of the last minute.")
  }

  private mutating func write(
    _ name: String, _ rows: [Row], _ part: KeyPath<RequestMetrics.Figures, WindowedHistogram>, scale: Double,
    _ help: String
  ) {
    page.metric(name, .gauge, help)
    for row in rows {
      let histogram = row.merged(part)
      for (quantile, text) in Self.quantiles {
        page.sample(
          histogram.quantile(quantile).map { Double($0) / scale } ?? .nan,
          PrometheusLabels("quantile", text).adding("request", row.name))
      }
    }
    page.metric(name + "_count_total", .counter, "How many were measured since the start.")
    for row in rows { page.sample(Int64(clamping: row.total(part)), row.labels) }
  }

  static let quantiles: [(Double, String)] = [
    (0.5, "0.50"), (0.75, "0.75"), (0.95, "0.95"), (0.98, "0.98"), (0.99, "0.99"), (0.999, "0.999"),
  ]

  /// Both loops' kinds by name, and `Fetch` for the two of it together. Produce and Fetch are there from the start:
  /// rules ask for them.
  private func rows() -> [Row] {
    var parts: [RequestKind: [(RequestMetrics.Figures, Instant)]] = [
      RequestKind(.produce): [], .consumerFetch: [], .followerFetch: [],
    ]
    for (requests, at) in [facts.data.map { ($0.requests, $0.at) }, facts.control.map { ($0.requests, $0.at) }]
      .compactMap({ $0 })
    {
      for (kind, figures) in zip(requests.kinds, requests.figures) { parts[kind, default: []].append((figures, at)) }
    }
    var rows = parts.map { kind, parts in
      Row(labels: PrometheusLabels("request", kind.name), name: kind.name, parts: parts)
    }
    let fetches = (parts[.consumerFetch] ?? []) + (parts[.followerFetch] ?? [])
    rows.append(Row(labels: PrometheusLabels("request", "Fetch"), name: "Fetch", parts: fetches))
    return rows.sorted { $0.name < $1.name }
  }

  private func versions(_ row: Row) -> [(Int, Int)] {
    var counts: [Int: Int] = [:]
    for (figures, _) in row.parts {
      for (version, count) in figures.versions.enumerated() where count > 0 { counts[version, default: 0] += count }
    }
    return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private func errors(_ row: Row) -> [(String, Int)] {
    var counts: [String: Int] = [:]
    for (figures, _) in row.parts {
      if figures.successes > 0 { counts[ErrorCode.none.name, default: 0] += figures.successes }
      for (code, count) in figures.failures {
        counts[ErrorCode(rawValue: code)?.name ?? "UNKNOWN_SERVER_ERROR", default: 0] += count
      }
    }
    return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
