import Primitives

/// Why an administrative request got no answer.
public enum AdminError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No connection: refused, unknown host, no such address.
  case unreachable(address: String, reason: String)
  /// The connection broke, or was closed by the other side.
  case disconnected(address: String)
  case timedOut(address: String)
  /// What came is not an answer in Kafka's protocol.
  case malformed(address: String, reason: String)
  /// The broker does not serve this request in any version that we know.
  case unsupported(api: String)
  /// The broker refused.
  case refused(code: ErrorCode, message: String)

  public var description: String {
    switch self {
    case .unreachable(let address, let reason): "cannot reach \(address): \(reason)"
    case .disconnected(let address): "\(address) closed the connection"
    case .timedOut(let address): "\(address) did not answer in time"
    case .malformed(let address, let reason):
      "\(address) answered with something that is not Kafka's protocol: \(reason)"
    case .unsupported(let api): "the broker does not serve \(api)"
    case .refused(let code, let message): message.isEmpty ? code.name : "\(code.name): \(message)"
    }
  }
}
