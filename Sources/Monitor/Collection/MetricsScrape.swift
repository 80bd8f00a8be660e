import KafkaClient
import Metrics

/// Reads a broker's `/metrics` over plain HTTP and keeps what the model shows.
struct MetricsScrape: Sendable {
  static let pageBytesMax = 64 << 20
  /// All that is looked at; lines of other metrics cost next to nothing.
  private static let names: Set<String> = [
    "kafka_server_brokertopicmetrics_messagesin_total", "kafka_server_brokertopicmetrics_bytesin_total",
    "kafka_server_brokertopicmetrics_bytesout_total", "kafka_network_requestmetrics_errors_total",
    "kafka_network_requestmetrics_totaltimems", "process_resident_memory_bytes", "process_cpu_seconds_total",
    "process_open_fds", "kafka_log_log_size", "streamsocial_log_directory_free_bytes",
    "kafka_log_logmanager_offlinelogdirectorycount", "kafka_server_kafkaserver_brokerstate",
  ]

  let broker: Int32
  let url: String
  private let server: ServerAddress
  private let path: String

  /// Nil when `url` is not `http://host:port/path`.
  init?(broker: Int32, url: String) {
    let scheme = "http://"
    guard url.hasPrefix(scheme), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
    let rest = url.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" }
    guard let server = ServerAddress(authority) ?? ServerAddress("\(authority):80") else { return nil }
    let path = rest.dropFirst(authority.count)
    self.broker = broker
    self.url = url
    self.server = server
    self.path = path.isEmpty ? "/metrics" : String(path)
  }

  /// Reads the page on a thread of its own.
  func page(
    by deadline: ContinuousClock.Instant
  ) async -> Result<(ClusterObservation.BrokerMetrics, bytes: Int), AdminError> {
    await WorkerThread.run {
      do throws(AdminError) { return .success(try read(by: deadline)) } catch { return .failure(error) }
    }
  }

  /// Blocks the calling thread until the page is there, at most until the deadline.
  func read(by deadline: ContinuousClock.Instant) throws(AdminError) -> (ClusterObservation.BrokerMetrics, bytes: Int) {
    let socket = try BlockingSocket(connectingTo: server, by: deadline)
    // HTTP/1.0: the answer ends with the connection, and comes in one piece.
    let request = "GET \(path) HTTP/1.0\r\nHost: \(server)\r\nAccept: text/plain\r\nConnection: close\r\n\r\n"
    try socket.send(Array(request.utf8), by: deadline)
    let answer = try socket.receiveAll(upTo: Self.pageBytesMax, by: deadline)
    let end: [UInt8] = [13, 10, 13, 10]
    guard let split = Self.firstIndex(of: end, in: answer) else { throw malformed("not HTTP") }
    let status = String(decoding: answer[..<(answer.firstIndex(of: 13) ?? 0)], as: UTF8.self)
    guard status.hasPrefix("HTTP/1."), status.dropFirst(8).hasPrefix(" 200") else { throw malformed(status) }
    do throws(PrometheusPageError) {
      return (metrics(try PrometheusPage(parsing: Array(answer[(split + 4)...]), keeping: Self.names)), answer.count)
    } catch {
      throw malformed("\(error)")
    }
  }

  private func malformed(_ reason: String) -> AdminError { .malformed(address: url, reason: reason) }

  private static func firstIndex(of pattern: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= pattern.count else { return nil }
    // Headers are short; a body without them is not searched to its end.
    return (0...min(bytes.count - pattern.count, 16 << 10)).first { start in
      pattern.indices.allSatisfy { bytes[start + $0] == pattern[$0] }
    }
  }

  /// What of the page the model shows, under the names of Kafka's JMX exporter.
  func metrics(_ page: PrometheusPage) -> ClusterObservation.BrokerMetrics {
    var metrics = ClusterObservation.BrokerMetrics(broker: broker, url: url)
    func total(_ name: String) -> Double? {
      page.samples(named: name).first { $0.labels.isEmpty }?.value
    }
    metrics.messagesInTotal = total("kafka_server_brokertopicmetrics_messagesin_total")
    metrics.bytesInTotal = total("kafka_server_brokertopicmetrics_bytesin_total")
    metrics.bytesOutTotal = total("kafka_server_brokertopicmetrics_bytesout_total")
    for sample in page.samples(named: "kafka_network_requestmetrics_errors_total") {
      guard let error = sample["error"], error != "NONE", sample.value.isFinite else { continue }
      metrics.errorsTotal[error, default: 0] += sample.value
    }
    metrics.producePercentile99 =
      page.samples(named: "kafka_network_requestmetrics_totaltimems")
      .first { $0["request"] == "Produce" && $0["quantile"] == "0.99" }?.value.ifFinite
    metrics.residentBytes = total("process_resident_memory_bytes")
    metrics.cpuSecondsTotal = total("process_cpu_seconds_total")
    metrics.openFiles = total("process_open_fds")
    metrics.diskUsedBytes = page.sum(of: "kafka_log_log_size")
    metrics.diskFreeBytes = page.samples(named: "streamsocial_log_directory_free_bytes").map(\.value).min()
    metrics.offlineLogDirectories = total("kafka_log_logmanager_offlinelogdirectorycount")
    metrics.brokerState = total("kafka_server_kafkaserver_brokerstate")
    return metrics
  }
}

extension Double {
  fileprivate var ifFinite: Double? { isFinite ? self : nil }
}
