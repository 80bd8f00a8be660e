import Metrics
import Primitives

/// A broker's `/metrics` page, under the names that the JMX exporter gives Apache Kafka's (`docs/operations.md` lists
/// them).
///
/// What has no meaning in this broker is left out: a zero would be a lie. What a loop did not answer in time is left
/// out, too, and `streamsocial_loop_answered` says so.
struct MetricsPage {
  /// What goes into a page.
  struct Facts: Sendable {
    var nodeID = BrokerID.none
    var state = BrokerState.starting
    /// Milliseconds since 1970.
    var stateSince: Int64 = 0
    var logDirectory = ""
    var clientListener = ""
    var controllerListener = ""
    var control: ControlSnapshot?
    var data: DataSnapshot?
    var process = ProcessFigures()
    var disk: DiskFigures?
  }

  let facts: Facts
  var page: PrometheusWriter

  /// The page's bytes.
  static func render(_ facts: Facts) -> [UInt8] {
    var page = MetricsPage(facts: facts, page: PrometheusWriter(reserving: capacity(for: facts)))
    page.writeState()
    if let control = facts.control { page.write(control) }
    if let data = facts.data { page.write(data) }
    page.writeRequests()
    page.writeLoops()
    page.writePartitions()
    page.writeProcess()
    return page.page.bytes
  }

  private static func capacity(for facts: Facts) -> Int {
    32 << 10 + (facts.data?.partitions.count ?? 0) * 1024
  }

  // MARK: pieces that others use

  mutating func gauge(_ name: String, _ value: Int?, _ help: String) {
    single(name, .gauge, value.map(Int64.init), help)
  }
  mutating func gauge(_ name: String, _ value: Int64?, _ help: String) { single(name, .gauge, value, help) }
  mutating func counter(_ name: String, _ value: Int, _ help: String) { single(name, .counter, Int64(value), help) }

  mutating func gauge(_ name: String, _ value: Double?, _ help: String) {
    guard let value else { return }
    page.metric(name, .gauge, help)
    page.sample(value)
  }

  private mutating func single(_ name: String, _ type: MetricType, _ value: Int64?, _ help: String) {
    guard let value else { return }
    page.metric(name, type, help)
    page.sample(value)
  }

  // MARK: the broker as a whole

  private mutating func writeState() {
    // Kafka's numbers (org.apache.kafka.metadata.BrokerState).
    let number: Int
    switch facts.state {
    case .starting: number = 1
    case .recovering: number = 2
    case .running: number = 3
    case .shutdown: number = 6
    case .failed: number = 7
    }
    gauge(
      "kafka_server_kafkaserver_brokerstate", number,
      "1 starting, 2 recovering, 3 running, 6 shutting down in order.")
    page.metric("streamsocial_broker_state", .gauge, "1 for the state that the broker is in, 0 for the others.")
    for state in [BrokerState.starting, .recovering, .running, .shutdown, .failed] {
      page.sample(state == facts.state ? 1 : 0, PrometheusLabels("state", state.rawValue))
    }
    gauge(
      "streamsocial_broker_state_entered_timestamp_seconds", Double(facts.stateSince) / 1000,
      "When the broker entered its state, in seconds since 1970.")
    page.metric("streamsocial_loop_answered", .gauge, "Whether a loop gave its figures in time for this page.")
    page.sample(facts.control == nil ? 0 : 1, PrometheusLabels("loop", "control"))
    page.sample(facts.data == nil ? 0 : 1, PrometheusLabels("loop", "data"))
  }

  private mutating func writeLoops() {
    let (control, data) = (facts.control?.idle, facts.data?.idle)
    let all = [data, control].compactMap { $0 }
    let mean = all.isEmpty ? nil : all.reduce(0, +) / Double(all.count)
    let text = "The part of the last minute in which a loop waited for something to do, 0 to 1"
    for name in [
      "kafka_network_socketserver_networkprocessoravgidlepercent",
      // As Strimzi's rules name it.
      "kafka_network_socketserver_networkprocessoravgidle_percent",
    ] {
      gauge(name, data, "\(text): the data loop's, which serves clients.")
    }
    page.metric("kafka_network_processor_idlepercent", .gauge, "\(text). 0 is the data loop, 1 the control loop.")
    if let data { page.sample(data, PrometheusLabels("networkProcessor", "0")) }
    if let control { page.sample(control, PrometheusLabels("networkProcessor", "1")) }
    let pool = "kafka_server_kafkarequesthandlerpool_"
    gauge(pool + "requesthandleravgidle_percent", mean, "\(text): the mean of both loops.")
    gauge(pool + "brokerrequesthandleravgidle_percent", data, "\(text): the data loop's.")
    gauge(pool + "controllerrequesthandleravgidle_percent", control, "\(text): the control loop's.")
    let listeners = [
      (facts.clientListener, "0", facts.data.map { ($0.counts.connections, $0.counts.connectionsCreated) }),
      (facts.controllerListener, "1", facts.control.map { ($0.counts.connections, $0.counts.connectionsCreated) }),
    ]
    func labels(_ listener: String, _ processor: String) -> PrometheusLabels {
      PrometheusLabels("listener", listener).adding("networkProcessor", processor)
    }
    let sockets = "kafka_server_socket_server_metrics_"
    page.metric(sockets + "connection_count", .gauge, "Connections that a listener has now.")
    for (name, processor, counts) in listeners {
      if let counts { page.sample(counts.0, labels(name, processor)) }
    }
    page.metric(sockets + "connection_creation_total", .counter, "Connections that a listener has accepted.")
    for (name, processor, counts) in listeners {
      if let counts { page.sample(counts.1, labels(name, processor)) }
    }
    page.metric(sockets + "connection_close_total", .counter, "Connections of a listener that have ended.")
    for (name, processor, counts) in listeners {
      if let counts { page.sample(counts.1 - counts.0, labels(name, processor)) }
    }
  }

  private mutating func writeProcess() {
    let process = facts.process
    if let seconds = process.cpuSeconds {
      page.metric("process_cpu_seconds_total", .counter, "Processor time in user and system mode.")
      page.sample(seconds)
    }
    gauge("process_resident_memory_bytes", process.residentBytes, "Memory that is in use.")
    gauge("process_virtual_memory_bytes", process.virtualBytes, "Address space.")
    gauge("process_open_fds", process.openFiles, "Open file descriptors.")
    gauge("process_max_fds", process.maxOpenFiles, "How many file descriptors may be open.")
    gauge("process_start_time_seconds", process.startSeconds, "When the process began, in seconds since 1970.")
    let disk = "kafka_server_kafkaserver_linux_disk_"
    gauge(disk + "read_bytes", process.diskReadBytes, "What the process has read from disks (not from the page cache).")
    gauge(disk + "write_bytes", process.diskWriteBytes, "What the process has caused to be written to disks.")
    let directory = PrometheusLabels("log_directory", facts.logDirectory)
    func size(_ name: String, _ bytes: Int64, _ help: String, _ page: inout PrometheusWriter) {
      page.metric("streamsocial_log_directory_\(name)_bytes", .gauge, help)
      page.sample(bytes, directory)
    }
    if let space = facts.disk {
      size("total", space.totalBytes, "Size of the file system that holds the log directory.", &page)
      size("free", space.freeBytes, "What the broker may still write to the log directory's file system.", &page)
    }
    if let data = facts.data, let control = facts.control {
      let logs = data.partitions.reduce(control.logBytes) { $0 + $1.bytes }
      size("logs", Int64(logs), "Size of all logs in the log directory, without their indexes.", &page)
    }
  }
}
