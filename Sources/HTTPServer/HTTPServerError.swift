/// Why a server could not be made.
public enum HTTPServerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Something listens on that port already.
  case portTaken(address: String, port: UInt16)
  /// The address cannot be listened on; with the system's own text.
  case cannotListen(address: String, port: UInt16, reason: String)
  /// Others on the network could reach it, and nothing would keep them out.
  case tokenRequired(address: String)
  /// Not 16 to 512 letters, digits and `-._~+/=`.
  case tokenUnfit
  /// libmicrohttpd or the loop refused; with what there is of a reason.
  case cannotStart(String)

  public var description: String {
    switch self {
    case .portTaken(let address, let port): "port \(port) on \(address) is taken"
    case .cannotListen(let address, let port, let reason): "cannot listen on \(address) port \(port): \(reason)"
    case .tokenRequired(let address): "\(address) can be reached from other machines: a token is required"
    case .tokenUnfit: "a token must be 16 to 512 letters, digits or -._~+/="
    case .cannotStart(let reason): "the HTTP server cannot start: \(reason)"
    }
  }
}
