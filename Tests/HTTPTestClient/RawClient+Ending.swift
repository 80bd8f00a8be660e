#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension RawClient {
  /// How a connection came to its end, if it did.
  public enum Ending: Equatable {
    /// The server closed it, with or without having read everything.
    case closed
    /// Nothing came for as long as the client has patience.
    case stillOpen
  }

  /// Says that no more will be sent, and goes on reading.
  public func finishSending() { shutdown(socket, Int32(SHUT_WR)) }

  /// Reads and forgets until the connection ends.
  public func ending() -> Ending {
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = recv(socket, &piece, piece.count, 0)
      if count > 0 { continue }
      return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? .stillOpen : .closed
    }
  }

  /// Everything that comes until the connection ends; nil if it does not end.
  public func everything() -> [UInt8]? {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = recv(socket, &piece, piece.count, 0)
      if count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) { return nil }
      if count <= 0 { return bytes }
      bytes += piece[..<count]
    }
  }
}
