/// What a metric's values mean, as the `# TYPE` line of Prometheus' text format has it.
public enum MetricType: String, Sendable, CaseIterable {
  /// Only grows, from zero at the process' start.
  case counter
  case gauge
  case histogram
  case summary
  /// Nothing is said about it.
  case untyped
}
