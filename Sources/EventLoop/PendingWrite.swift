import CUV

/// Buffers that the socket is to take, in order; kept until the kernel has taken them.
final class PendingWrite {
  private let connection: Connection
  private let buffers: [OutputBuffer]
  private var first = 0
  /// Bytes of `buffers[first]` that are already sent.
  private var skip = 0
  private var queued = 0

  init(_ connection: Connection, _ buffers: [OutputBuffer]) {
    self.connection = connection
    self.buffers = buffers
  }

  /// Writes what the socket takes at once and leaves the rest to libuv.
  func start() {
    while first < buffers.count {
      let sent = withVectors { vectors, count in uv_try_write(cuv_stream(connection.tcp), vectors, count) }
      if sent == UV_EAGAIN.rawValue { return queueRest() }
      if sent < 0 { return connection.wrote(remaining, failed: sent) }
      advance(Int(sent))
      connection.wrote(Int(sent), failed: 0)
      if connection.isClosed { return }
    }
  }

  private var remaining: Int { buffers[first...].reduce(0) { $0 + $1.count } - skip }

  private func advance(_ count: Int) {
    var rest = count
    while first < buffers.count, rest >= buffers[first].count - skip {
      rest -= buffers[first].count - skip
      first += 1
      skip = 0
    }
    skip += rest
  }

  private func withVectors(_ body: (UnsafeMutablePointer<uv_buf_t>, UInt32) -> Int32) -> Int32 {
    let count = min(buffers.count - first, 64)
    return withUnsafeTemporaryAllocation(of: uv_buf_t.self, capacity: count) { vectors in
      for index in 0..<count {
        let buffer = buffers[first + index]
        let from = index == 0 ? skip : 0
        vectors.initializeElement(
          at: index,
          to: uv_buf_init(
            (buffer.bytes.baseAddress.unsafelyUnwrapped + from).assumingMemoryBound(to: CChar.self),
            UInt32(truncatingIfNeeded: buffer.count - from)))
      }
      return body(vectors.baseAddress.unsafelyUnwrapped, UInt32(count))
    }
  }

  private func queueRest() {
    let request = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
    request.pointee.data = Unmanaged.passRetained(self).toOpaque()
    queued = buffers[first..<min(first + 64, buffers.count)].reduce(0) { $0 + $1.count } - skip
    let code = withVectors { vectors, count in
      uv_write(request, cuv_stream(connection.tcp), vectors, count) { request, status in
        guard let request else { return }
        let write = Unmanaged<PendingWrite>.fromOpaque(request.pointee.data).takeRetainedValue()
        request.deallocate()
        write.finished(status)
      }
    }
    if code < 0 {
      Unmanaged<PendingWrite>.fromOpaque(request.pointee.data).release()
      request.deallocate()
      finished(code)
    }
  }

  private func finished(_ status: Int32) {
    guard !connection.isClosed else { return }
    connection.wrote(queued, failed: status)
    guard status >= 0, !connection.isClosed else { return }
    advance(queued)
    if first < buffers.count { start() } else { connection.writeEnded() }
  }

  var isDone: Bool { first >= buffers.count }
}
