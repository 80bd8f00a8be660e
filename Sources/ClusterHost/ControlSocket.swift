import KafkaClient
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Where a running supervisor can be found.
public struct SupervisorDirectory: Sendable {
  public var path: String

  public init(_ path: String) { self.path = path }

  private var file: String { "\(path)/supervisor.pid" }

  /// A socket's path has room for about a hundred bytes: deep directories get one in the temporary directory,
  /// named by the directory's device and inode.
  package var socketPath: String {
    let direct = "\(path)/control.sock"
    if direct.utf8.count < 100 { return direct }
    var status = stat()
    stat(path, &status)
    return "/tmp/streamsocial-\(getuid())-\(status.st_dev)-\(status.st_ino).sock"
  }

  /// From now on `processID` is ours.
  func announce(policy: Supervisor.RestartPolicy) throws(ClusterError) {
    try LocalFiles.write("\(getpid())\n", to: file)
  }

  func withdraw() { unlink(file) }

  /// The supervisor that said it is ready, whether or not it still lives; nil when there is none.
  public var processID: Int32? { LocalFiles.read(file).flatMap { Int32($0.prefix { $0 != "\n" }) } }

  /// Ends the cluster in order; returns when its supervisor is gone. Not running already is no error; then it is false.
  @discardableResult public func shutDown() async throws(ClusterError) -> Bool {
    var wasRunning = !DirectoryLock.isFree(path)
    do throws(ClusterError) {
      _ = try await ask("down")
      wasRunning = true
    } catch {
      // A supervisor that ended before it could say so has done what it was asked.
      guard error.kind == .notPossible else { throw error }
    }
    let path = path
    let isFree = try await Waiting.until(.seconds(60)) { () throws(ClusterError) -> Bool? in
      DirectoryLock.isFree(path) ? true : nil
    }
    if isFree == nil { throw ClusterError(.timeout, "the cluster in \(path) does not end") }
    return wasRunning
  }

  /// What names this directory on a command line; nothing for the usual one.
  static func option(_ path: String) -> String {
    path == ClusterOptions().dataDirectory ? "" : " --data-dir \(path)"
  }

  /// Sends one request to the supervisor and returns its answer.
  public func ask(_ request: String) async throws(ClusterError) -> String {
    let path = path
    let socketPath = socketPath
    return try await WorkerThread.run { () throws(ClusterError) in
      let socket = try UnixSocket.open()
      defer { close(socket) }
      guard UnixSocket.with(socketPath, { connect(socket, $0, $1) }) == 0 else {
        throw ClusterError(
          .notPossible, "no cluster is running in \(path); start one with: streamsocial up\(Self.option(path))")
      }
      UnixSocket.send(request + "\n", to: socket)
      guard let answer = UnixSocket.line(from: socket) else {
        throw ClusterError(.notPossible, "the supervisor of \(path) ended")
      }
      if answer.hasPrefix("error: ") { throw ClusterError(.refused, String(answer.dropFirst(7))) }
      return answer
    }
  }
}

/// Listens for one-line requests on a Unix socket; each connection is one request and one answer.
package final class ControlServer: Sendable {
  private let path: String
  private let socket: Int32

  package init(_ path: String, answer: @escaping @Sendable (String) async -> String) throws(ClusterError) {
    self.path = path
    socket = try UnixSocket.open()
    let socket = socket
    // What lies there is a dead supervisor's: we hold the directory's lock.
    unlink(path)
    guard UnixSocket.with(path, { bind(socket, $0, $1) }) == 0, listen(socket, 16) == 0 else {
      let error = ClusterError.system("cannot listen on \(path)")
      Self.shut(socket)
      throw error
    }
    chmod(path, 0o600)
    WorkerThread.start {
      while true {
        let connection = accept(socket, nil, nil)
        if connection < 0 {
          if errno == EINTR || errno == ECONNABORTED { continue }
          return
        }
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        #if canImport(Darwin)
          var one: Int32 = 1
          setsockopt(connection, SOL_SOCKET, SO_NOSIGPIPE, &one, socklen_t(MemoryLayout<Int32>.size))
        #endif
        WorkerThread.start {
          guard let line = UnixSocket.line(from: connection) else {
            Self.shut(connection)
            return
          }
          Task {
            UnixSocket.send(await answer(line) + "\n", to: connection)
            Self.shut(connection)
          }
        }
      }
    }
  }

  private static func shut(_ descriptor: Int32) {
    #if canImport(Darwin)
      Darwin.close(descriptor)
    #elseif canImport(Musl)
      Musl.close(descriptor)
    #else
      Glibc.close(descriptor)
    #endif
  }

  package func close() {
    unlink(path)
    shutdown(socket, Int32(SHUT_RDWR))
    Self.shut(socket)
  }
}

/// The few calls that a control socket needs.
enum UnixSocket {
  static let longestLine = 1 << 20

  static func open() throws(ClusterError) -> Int32 {
    #if canImport(Glibc)
      let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { throw .system("socket") }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return descriptor
  }

  static func with(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return -1 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  /// Reads up to a line feed; nil when the other side closed before one came.
  static func line(from descriptor: Int32) -> String? {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while bytes.count < longestLine {
      let count = read(descriptor, &byte, 1)
      if count < 0, errno == EINTR { continue }
      guard count == 1 else { return nil }
      if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
    return nil
  }

  static func send(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      // Who asked may have gone: that must not end a demo, which does not ignore SIGPIPE.
      #if canImport(Darwin)
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      #elseif canImport(Musl)
        let count = rest.withUnsafeBytes { Musl.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      #else
        let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      #endif
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
