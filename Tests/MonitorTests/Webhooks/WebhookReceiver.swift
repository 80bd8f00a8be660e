import Foundation
import KafkaClient
import Synchronization

@testable import Monitor

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A tiny HTTP server on a port of its own that answers as told and keeps what it got.
final class WebhookReceiver: Sendable {
  struct Request: Sendable {
    var line: String
    var headers: [String: String]
    var body: [UInt8]
  }

  let port: UInt16
  private let descriptor: Int32
  private let statuses: Mutex<[Int]>
  let requests: AsyncStream<Request>
  private let arrived: AsyncStream<Request>.Continuation

  /// - Parameter statuses: for the first requests; −1: closes without an answer; later ones get 204.
  init?(answering statuses: [Int] = []) {
    #if canImport(Glibc)
      let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let listener = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutableBytes(of: &address) { raw in
      guard let base = raw.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
      return bind(listener, base, size) == 0 && listen(listener, 16) == 0 && getsockname(listener, base, &size) == 0
    }
    guard isBound else { return nil }
    descriptor = listener
    port = UInt16(bigEndian: address.sin_port)
    self.statuses = Mutex(statuses)
    (requests, arrived) = AsyncStream.makeStream()
    let serve = { @Sendable [weak self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        guard let self else {
          _ = close(connection)
          return
        }
        answer(connection)
        _ = close(connection)
      }
    }
    WorkerThread.start(serve)
  }

  deinit {
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
  }

  private func answer(_ connection: Int32) {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4_096)
    var request: Request?
    while request == nil {
      let count = read(connection, &chunk, chunk.count)
      guard count > 0 else { return }
      bytes += chunk[..<count]
      request = Self.parse(bytes)
    }
    let status = statuses.withLock { $0.isEmpty ? 204 : $0.removeFirst() }
    if status > 0 {
      let text = Array("HTTP/1.1 \(status) Words\r\nContent-Length: 0\r\n\r\n".utf8)
      _ = write(connection, text, text.count)
    }
    if let request { arrived.yield(request) }
  }

  private static func parse(_ bytes: [UInt8]) -> Request? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let lines = text[..<end.lowerBound].split(separator: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[String(line[..<colon])] = String(line[line.index(colon, offsetBy: 2)...])
    }
    let body = Array(text[end.upperBound...].utf8)
    guard body.count == headers["Content-Length"].flatMap({ Int($0) }) else { return nil }
    return Request(line: lines.first.map(String.init) ?? "", headers: headers, body: body)
  }
}
