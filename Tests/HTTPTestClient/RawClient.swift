#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A socket that sends exactly the bytes a test wants, and reads HTTP answers strictly.
public final class RawClient {
  public struct Answer: Sendable {
    public var status: Int
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]
    public var text: String { String(decoding: body, as: UTF8.self) }
    public func header(_ name: String) -> String? { headers.first { $0.name == name.lowercased() }?.value }
  }

  public enum Failure: Error {
    case cannotConnect(Int32)
    case ended
    case notHTTP(String)
  }

  let socket: Int32
  private var buffer: [UInt8] = []

  /// `receiveBytes` bounds the kernel's buffer, for readers that are to be slow.
  public init(port: UInt16, receiveBytes: Int32? = nil) throws {
    #if canImport(Glibc)
      socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    #else
      socket = Darwin.socket(AF_INET, SOCK_STREAM, 0)
    #endif
    if var receiveBytes {
      setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &receiveBytes, socklen_t(MemoryLayout<Int32>.size))
    }
    // Nothing takes so long, even when all tests run at once on two cores; one that would hang fails instead.
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
        #if canImport(Glibc)
          Glibc.connect(socket, name, socklen_t(MemoryLayout<sockaddr_in>.size))
        #else
          Darwin.connect(socket, name, socklen_t(MemoryLayout<sockaddr_in>.size))
        #endif
      }
    }
    if code != 0 { throw Failure.cannotConnect(errno) }
  }

  deinit { close() }

  private var isClosed = false

  public func close() {
    guard !isClosed else { return }
    isClosed = true
    #if canImport(Glibc)
      Glibc.close(socket)
    #else
      Darwin.close(socket)
    #endif
  }

  public func send(_ text: String) { send(Array(text.utf8)) }

  public func send(_ bytes: [UInt8]) {
    var sent = 0
    bytes.withUnsafeBytes { bytes in
      while sent < bytes.count, let start = bytes.baseAddress {
        #if canImport(Glibc)
          let count = Glibc.send(socket, start + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
        #else
          let count = Darwin.send(socket, start + sent, bytes.count - sent, 0)
        #endif
        // The server may have had enough of it; what it answered is what the test looks at.
        if count <= 0 { return }
        sent += count
      }
    }
  }

  /// Whether nothing came for as long as this client waits.
  private var isOutOfPatience = false

  /// Reads more; false at the end of the stream, however it came, and when nothing comes.
  private func fill() -> Bool {
    var piece = [UInt8](repeating: 0, count: 16 << 10)
    let count = recv(socket, &piece, piece.count, 0)
    if count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) { isOutOfPatience = true }
    guard count > 0 else { return false }
    buffer += piece[..<count]
    return true
  }

  /// Everything up to and with `end`.
  public func read(until end: String) throws -> String {
    let end = Array(end.utf8)
    var searched = 0
    while true {
      if let found = position(of: end, from: searched) {
        let head = String(decoding: buffer[..<(found + end.count)], as: UTF8.self)
        buffer.removeFirst(found + end.count)
        return head
      }
      searched = max(0, buffer.count - end.count)
      guard fill() else { throw Failure.ended }
    }
  }

  private func position(of end: [UInt8], from start: Int) -> Int? {
    guard buffer.count >= end.count else { return nil }
    for index in start...(buffer.count - end.count) where buffer[index...].starts(with: end) { return index }
    return nil
  }

  public func read(_ count: Int) throws -> [UInt8] {
    while buffer.count < count { guard fill() else { throw Failure.ended } }
    defer { buffer.removeFirst(count) }
    return Array(buffer[..<count])
  }

  /// The status line and headers of an answer, for streams that have no end.
  public func head() throws -> Answer {
    let lines = try read(until: "\r\n\r\n").split(separator: "\r\n")
    guard let first = lines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3)) else {
      throw Failure.notHTTP(String(lines.first ?? ""))
    }
    let headers = lines.dropFirst().map { line in
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      return (
        name: line[..<colon].lowercased(), value: String(line[colon...].drop { $0 == ":" || $0 == " " })
      )
    }
    return Answer(status: status, headers: headers, body: [])
  }

  /// A whole answer.
  public func answer(isHead: Bool = false) throws -> Answer {
    var answer = try head()
    if isHead || answer.status == 304 || answer.status == 204 { return answer }
    if let length = answer.header("content-length").flatMap({ Int($0) }) { answer.body = try read(length) }
    return answer
  }

  /// A chunk of a chunked body.
  public func chunk() throws -> [UInt8] {
    let size = try read(until: "\r\n").dropLast()
    guard let count = Int(size, radix: 16) else { throw Failure.notHTTP(String(size)) }
    let bytes = try read(count)
    _ = try read(2)
    return bytes
  }

  /// Whether the server has ended the connection, with nothing more to read.
  public func isEnded() -> Bool { buffer.isEmpty && !fill() && !isOutOfPatience }

  /// Whether it has ended it, whatever came before.
  public func readsToTheEnd() -> Int {
    var count = buffer.count
    buffer = []
    while fill() {
      count += buffer.count
      buffer = []
    }
    return count
  }
}
