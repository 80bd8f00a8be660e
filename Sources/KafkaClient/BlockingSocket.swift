#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A TCP connection for a thread that may wait. Every wait ends at a deadline.
package struct BlockingSocket: ~Copyable {
  package typealias Deadline = ContinuousClock.Instant

  package let address: ServerAddress
  private let descriptor: Int32

  /// Connects to the first address of the host that accepts.
  package init(connectingTo address: ServerAddress, by deadline: Deadline) throws(AdminError) {
    self.address = address
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    var found: UnsafeMutablePointer<addrinfo>?
    let failure = getaddrinfo(address.host, "\(address.port)", &hints, &found)
    guard failure == 0 else {
      throw .unreachable(address: address.description, reason: String(cString: gai_strerror(failure)))
    }
    defer { freeaddrinfo(found) }
    var reason: AdminError = .unreachable(address: address.description, reason: "no address")
    var next = found
    while let candidate = next?.pointee {
      next = candidate.ai_next
      let socket = socket(candidate.ai_family, candidate.ai_socktype, candidate.ai_protocol)
      guard socket >= 0 else { continue }
      do throws(AdminError) {
        try Self.connect(socket, to: candidate, at: address, by: deadline)
        descriptor = socket
        return
      } catch {
        reason = error
        close(socket)
      }
    }
    throw reason
  }

  deinit { close(descriptor) }

  private static func connect(
    _ socket: Int32, to candidate: addrinfo, at address: ServerAddress, by deadline: Deadline
  ) throws(AdminError) {
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    _ = fcntl(socket, F_SETFL, O_NONBLOCK)
    var one: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    #if canImport(Darwin)
      setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &one, socklen_t(MemoryLayout<Int32>.size))
      let status = Darwin.connect(socket, candidate.ai_addr, candidate.ai_addrlen)
    #elseif canImport(Musl)
      let status = Musl.connect(socket, candidate.ai_addr, candidate.ai_addrlen)
    #else
      let status = Glibc.connect(socket, candidate.ai_addr, candidate.ai_addrlen)
    #endif
    if status == 0 { return }
    guard errno == EINPROGRESS else { throw unreachable(address, errno) }
    try wait(socket, for: Int16(POLLOUT), by: deadline, address)
    var problem: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(socket, SOL_SOCKET, SO_ERROR, &problem, &size)
    guard problem == 0 else { throw unreachable(address, problem) }
  }

  private static func unreachable(_ address: ServerAddress, _ code: Int32) -> AdminError {
    .unreachable(address: address.description, reason: String(cString: strerror(code)))
  }

  private static func wait(
    _ socket: Int32, for events: Int16, by deadline: Deadline, _ address: ServerAddress
  ) throws(AdminError) {
    while true {
      let left = ContinuousClock.now.duration(to: deadline)
      guard left > .zero else { throw .timedOut(address: address.description) }
      let milliseconds = min(left.components.seconds, 1000) * 1000 + left.components.attoseconds / 1_000_000_000_000_000
      var entry = pollfd(fd: socket, events: events, revents: 0)
      let ready = poll(&entry, 1, Int32(milliseconds) + 1)
      if ready > 0 { return }
      if ready < 0, errno != EINTR { throw .disconnected(address: address.description) }
    }
  }

  package borrowing func send(_ bytes: [UInt8], by deadline: Deadline) throws(AdminError) {
    var sent = 0
    while sent < bytes.count {
      #if canImport(Darwin)
        let flags: Int32 = 0
      #else
        let flags = Int32(MSG_NOSIGNAL)
      #endif
      let count = bytes.withUnsafeBytes { raw in
        #if canImport(Darwin)
          Darwin.send(descriptor, raw.baseAddress?.advanced(by: sent), raw.count - sent, flags)
        #elseif canImport(Musl)
          Musl.send(descriptor, raw.baseAddress?.advanced(by: sent), raw.count - sent, flags)
        #else
          Glibc.send(descriptor, raw.baseAddress?.advanced(by: sent), raw.count - sent, flags)
        #endif
      }
      if count > 0 {
        sent += count
      } else if errno == EAGAIN {
        try Self.wait(descriptor, for: Int16(POLLOUT), by: deadline, address)
      } else if errno != EINTR {
        throw .disconnected(address: address.description)
      }
    }
  }

  /// Reads exactly `count` bytes.
  package borrowing func receive(_ count: Int, by deadline: Deadline) throws(AdminError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var received = 0
    while received < count {
      let part = bytes.withUnsafeMutableBytes { raw in
        recv(descriptor, raw.baseAddress?.advanced(by: received), raw.count - received, 0)
      }
      if part > 0 {
        received += part
      } else if part == 0 {
        throw .disconnected(address: address.description)
      } else if errno == EAGAIN {
        try Self.wait(descriptor, for: Int16(POLLIN), by: deadline, address)
      } else if errno != EINTR {
        throw .disconnected(address: address.description)
      }
    }
    return bytes
  }

  /// Reads until the other side ends the connection; more than `limit` bytes are an error.
  package borrowing func receiveAll(upTo limit: Int, by deadline: Deadline) throws(AdminError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let part = chunk.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
      if part > 0 {
        guard bytes.count + part <= limit else {
          throw .malformed(address: address.description, reason: "more than \(limit) bytes")
        }
        bytes += chunk[..<part]
      } else if part == 0 {
        return bytes
      } else if errno == EAGAIN {
        try Self.wait(descriptor, for: Int16(POLLIN), by: deadline, address)
      } else if errno != EINTR {
        throw .disconnected(address: address.description)
      }
    }
  }
}
