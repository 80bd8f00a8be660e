/// A page in Prometheus' text format (0.0.4), read: samples in their order, types by name.
///
/// A page comes from a process that may be anything, so nothing in it is believed: sizes and counts have limits, and
/// whatever does not fit the format is an error with its line, never a trap. Of a page that repeats a sample, both
/// stay.
public struct PrometheusPage: Sendable, Equatable {
  public struct Label: Sendable, Equatable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public struct Sample: Sendable, Equatable {
    public var name: String
    /// In the page's order.
    public var labels: [Label]
    /// May be infinite or not a number.
    public var value: Double

    public init(name: String, labels: [Label] = [], value: Double) {
      self.name = name
      self.labels = labels
      self.value = value
    }

    /// The value of a label; nil when the sample has none of that name.
    public subscript(label: String) -> String? { labels.first { $0.name == label }?.value }
  }

  /// How much of a page is accepted.
  public struct Limits: Sendable {
    public var bytes = 64 << 20
    public var samples = 500_000
    public var labelsOfASample = 32
    /// Of a name, a label's name or a label's value.
    public var textBytes = 4096

    public init() {}
  }

  public private(set) var samples: [Sample] = []
  /// What `# TYPE` lines said, by the metric's name.
  public private(set) var types: [String: MetricType] = [:]

  public init() {}

  /// Reads a page.
  ///
  /// - Parameter keeping: The only names to keep, when not all matter: lines of other metrics are passed over unread,
  ///   which makes a large page cheap.
  public init(
    parsing bytes: [UInt8], keeping names: Set<String>? = nil, limits: Limits = Limits()
  ) throws(PrometheusPageError) {
    self = try bytes.withUnsafeBufferPointer { (raw) throws(PrometheusPageError) in
      try PrometheusPage(parsing: UnsafeRawBufferPointer(raw), keeping: names, limits: limits)
    }
  }

  /// Reads a page from memory that somebody else owns.
  public init(
    parsing bytes: UnsafeRawBufferPointer, keeping names: Set<String>? = nil, limits: Limits = Limits()
  ) throws(PrometheusPageError) {
    var parser = PrometheusParser(bytes, keeping: names, limits: limits)
    try parser.run()
    samples = parser.samples
    types = parser.types
  }

  /// The samples of one metric that have all these labels, whatever others they have.
  public func samples(named name: String, _ labels: [Label] = []) -> [Sample] {
    samples.filter { sample in
      sample.name == name && labels.allSatisfy { sample[$0.name] == $0.value }
    }
  }

  /// The value of the first sample of `name` with exactly these labels, in any order; nil when there is none.
  public func value(of name: String, _ labels: [Label] = []) -> Double? {
    samples.first { sample in
      sample.name == name && sample.labels.count == labels.count
        && labels.allSatisfy { sample[$0.name] == $0.value }
    }?.value
  }

  /// The sum over all samples of `name` that have these labels; nil when there is none, which is not zero.
  public func sum(of name: String, _ labels: [Label] = []) -> Double? {
    let found = samples(named: name, labels)
    return found.isEmpty ? nil : found.reduce(0) { $0 + $1.value }
  }
}

/// Why a page was refused.
public struct PrometheusPageError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Reason: Equatable, Sendable {
    case tooLong(bytes: Int)
    case tooManySamples
    case tooManyLabels
    case textTooLong
    case noName
    case badLabels
    case badValue
    case badTimestamp
    case badType
    case notUTF8
  }

  public var reason: Reason
  /// From 1; 0 when it is about the page as a whole.
  public var line: Int

  public init(reason: Reason, line: Int) {
    self.reason = reason
    self.line = line
  }

  public var description: String { line == 0 ? "metrics page: \(reason)" : "metrics page, line \(line): \(reason)" }
}
