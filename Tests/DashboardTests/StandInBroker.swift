import Foundation
import Synchronization

/// Speaks as much of Kafka's protocol as the dashboard needs to read and write one topic, by hand and in old versions:
/// what it tells is what a test says.
final class StandInBroker: Sendable {
  static let topic = "letters"

  let port: UInt16
  /// Partition by partition.
  let logs: [HandMadeLog]
  private let isSilent: Bool
  private let listener: Int32
  private let state = Mutex(State())

  private struct State {
    var connections: [Int32] = []
    var isClosed = false
    var produced: [[UInt8]] = []
  }

  /// The Produce requests that came.
  var produced: [[UInt8]] { state.withLock { $0.produced } }

  /// - Parameter isSilent: takes every connection and answers nothing.
  init(_ logs: [HandMadeLog] = [HandMadeLog()], isSilent: Bool = false) throws {
    #if canImport(Glibc)
      let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    #else
      let listener = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let hasFailed = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) != 0 || listen(listener, 64) != 0 || getsockname(listener, $0, &size) != 0
      }
    }
    if hasFailed { throw POSIXError(.EADDRINUSE) }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    self.logs = logs
    self.isSilent = isSilent
    Thread.detachNewThread { [weak self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        guard let self, keep(connection) else {
          Self.end(connection)
          return
        }
        Thread.detachNewThread { [weak self] in
          while let request = Self.frame(from: connection), let self {
            if let answer = answer(request) { Self.send(answer, to: connection) }
          }
          self?.forget(connection)
          Self.end(connection)
        }
      }
    }
  }

  deinit { close() }

  /// Ends all connections and takes no more.
  func close() {
    let isFirst = state.withLock { state in
      defer { state.isClosed = true }
      for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
      return !state.isClosed
    }
    guard isFirst else { return }
    shutdown(listener, Int32(SHUT_RDWR))
    Self.end(listener)
  }

  private func answer(_ request: [UInt8]) -> [UInt8]? {
    if isSilent { return nil }
    if request.starts(with: [0, 0]) { state.withLock { $0.produced.append(request) } }
    return reply(to: request)
  }

  private func keep(_ connection: Int32) -> Bool {
    state.withLock { state in
      if !state.isClosed { state.connections.append(connection) }
      return !state.isClosed
    }
  }

  private func forget(_ connection: Int32) { state.withLock { $0.connections.removeAll { $0 == connection } } }

  // MARK: sockets

  private static func end(_ descriptor: Int32) {
    #if canImport(Glibc)
      _ = Glibc.close(descriptor)
    #else
      _ = Darwin.close(descriptor)
    #endif
  }

  private static func frame(from connection: Int32) -> [UInt8]? {
    guard let head = receive(4, from: connection) else { return nil }
    return receive(head.reduce(0) { $0 << 8 | Int($1) }, from: connection)
  }

  private static func receive(_ size: Int, from connection: Int32) -> [UInt8]? {
    var bytes: [UInt8] = []
    while bytes.count < size {
      var piece = [UInt8](repeating: 0, count: size - bytes.count)
      let count = recv(connection, &piece, piece.count, 0)
      guard count > 0 else { return nil }
      bytes += piece[..<count]
    }
    return bytes
  }

  private static func send(_ answer: [UInt8], to connection: Int32) {
    var frame = HandMadeBytes()
    frame.put(Int32(answer.count))
    var rest = (frame.bytes + answer)[...]
    while !rest.isEmpty {
      #if canImport(Glibc)
        let count = rest.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      #else
        let count = rest.withUnsafeBytes { Darwin.send(connection, $0.baseAddress, $0.count, 0) }
      #endif
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
