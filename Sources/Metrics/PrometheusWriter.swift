import Primitives

/// Writes a page in Prometheus' text format (0.0.4) into one growing buffer.
///
/// A metric's samples stand together below its HELP and TYPE lines, which the format demands and this type sees to: a
/// name that comes twice is a bug of the caller. A metric without samples leaves no trace.
public struct PrometheusWriter: Sendable {
  /// The page so far.
  public private(set) var bytes: [UInt8] = []
  private var name = ""
  private var type = MetricType.untyped
  private var help = ""
  private var isHeaderDue = false
  private var names: Set<String> = []

  public init(reserving capacity: Int = 64 << 10) { bytes.reserveCapacity(capacity) }

  /// The content type of the page, for HTTP.
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// The samples that follow belong to this metric.
  public mutating func metric(_ name: String, _ type: MetricType, _ help: String) {
    invariant(Self.isName(name), "\(name) is not a metric's name")
    self.name = name
    self.type = type
    self.help = help
    isHeaderDue = true
  }

  public mutating func sample(_ value: Int64, _ labels: PrometheusLabels = PrometheusLabels()) {
    begin(labels)
    append(String(value))
    bytes.append(UInt8(ascii: "\n"))
  }

  public mutating func sample(_ value: Int, _ labels: PrometheusLabels = PrometheusLabels()) {
    sample(Int64(value), labels)
  }

  public mutating func sample(_ value: Double, _ labels: PrometheusLabels = PrometheusLabels()) {
    begin(labels)
    append(value.isNaN ? "NaN" : value == .infinity ? "+Inf" : value == -.infinity ? "-Inf" : "\(value)")
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func begin(_ labels: PrometheusLabels) {
    if isHeaderDue { header() }
    append(name)
    if !labels.bytes.isEmpty {
      bytes.append(UInt8(ascii: "{"))
      bytes.append(contentsOf: labels.bytes)
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(UInt8(ascii: " "))
  }

  private mutating func header() {
    invariant(names.insert(name).inserted, "metric \(name) comes twice")
    isHeaderDue = false
    append("# HELP ")
    append(name)
    append(" ")
    for byte in help.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): append("\\\\")
      case UInt8(ascii: "\n"): append("\\n")
      default: bytes.append(byte)
      }
    }
    append("\n# TYPE ")
    append(name)
    append(" ")
    append(type.rawValue)
    append("\n")
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"): true
      default: false
      }
    }
  }
}

/// A sample's labels, written once and used for as many samples as have them.
public struct PrometheusLabels: Sendable {
  var bytes: [UInt8] = []

  public init() {}

  public init(_ name: String, _ value: String) { add(name, value) }

  /// These labels and one more behind them. Any text will do for a value.
  public func adding(_ name: String, _ value: String) -> PrometheusLabels {
    var longer = self
    longer.add(name, value)
    return longer
  }

  private mutating func add(_ name: String, _ value: String) {
    invariant(PrometheusWriter.isName(name) && !name.utf8.contains(UInt8(ascii: ":")), "\(name) is not a label's name")
    if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
    bytes.append(contentsOf: name.utf8)
    bytes.append(UInt8(ascii: "="))
    bytes.append(UInt8(ascii: "\""))
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "\\")]
      case UInt8(ascii: "\""): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "\"")]
      case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
