import CUV

/// What a connection's owner is told. All calls come on the loop's thread.
public protocol ConnectionDelegate: AnyObject {
  /// A whole frame without its size field. The bytes may be changed in place and are gone when the call returns.
  func connection(_ connection: Connection, received frame: UnsafeMutableRawBufferPointer)
  /// The connection has ended, by the peer, by an error or by a frame that cannot be; not called after `close()`.
  func connectionEnded(_ connection: Connection, reason: String)
}

/// A TCP connection that carries Kafka's frames: a 32-bit size, then so many bytes.
///
/// A frame that lies whole in what was read is handed over where it is; only a partial one is copied into a buffer of the
/// connection's own, which grows with the bytes that have arrived, never with what the size field merely claims.
public final class Connection: Handle<uv_tcp_t> {
  public weak var delegate: (any ConnectionDelegate)?
  /// Frames larger than this end the connection.
  public var maxFrameBytes = 100 << 20
  /// The peer's address, for logs and group members.
  public private(set) var peer = ""
  /// For the owner's use: which of its own things this connection is.
  public var context: AnyObject?
  /// Bytes that wait to be sent.
  public private(set) var unsentBytes = 0

  private var partial: PartialFrame
  private var outbox: [(buffer: OutputBuffer, isShared: Bool)] = []
  private var currentWrite: PendingWrite?
  private var isInUnsentList = false
  private var isReading = false
  private var isDelivering = false
  private var isPaused = false
  /// What was read while the connection was paused, to be delivered on `resume`.
  private var held: [UInt8] = []

  init(_ loop: EventLoop) throws(IOError) {
    partial = PartialFrame(loop.buffers)
    try super.init(loop, "uv_tcp_init") { uv_tcp_init($0, $1) }
  }

  deinit { partial.discard() }

  /// Connects to a host and port; `done` gets nil or the error, in which case the connection is closed.
  ///
  /// A name is resolved on a thread of libuv's, anew each time, so that a slow name server holds nobody up and a host
  /// that has moved is found. Never calls `done` before it returns.
  public static func connect(
    _ loop: EventLoop, host: String, port: UInt16, done: @escaping (Connection, IOError?) -> Void
  ) throws(IOError) {
    let connection = try Connection(loop)
    let pending = PendingConnect(connection, done)
    var address = sockaddr_storage()
    do throws(IOError) {
      if cuv_numeric(host, port, &address) == 0 {
        try pending.connect(&address)
      } else {
        try pending.resolve(host, port)
      }
    } catch {
      connection.close()
      throw error
    }
  }

  /// Begins to read frames. Set `delegate` first.
  public func start() {
    uv_tcp_nodelay(raw, 1)
    var name = [CChar](repeating: 0, count: 64)
    cuv_peer_name(raw, &name, 64)
    peer = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    resumeReading()
  }

  private func resumeReading() {
    guard !isReading, !isClosed else { return }
    isReading = true
    uv_read_start(
      cuv_stream(raw),
      { handle, _, buffer in
        let connection = owner(Connection.self, of: handle)
        let space = connection.partial.space ?? connection.loop.slab
        buffer?.pointee = uv_buf_init(
          space.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(truncatingIfNeeded: space.count))
      },
      { handle, count, _ in
        let connection = owner(Connection.self, of: handle)
        if count > 0 {
          connection.arrived(count)
        } else if count < 0 {
          connection.end(count == Int(UV_EOF.rawValue) ? "closed by peer" : String(cString: uv_strerror(Int32(count))))
        }
      })
  }

  /// Stops reading until `resume`: the peer must wait.
  public func pause() {
    isPaused = true
    guard isReading, !isClosed else { return }
    isReading = false
    uv_read_stop(cuv_stream(raw))
  }

  public func resume() {
    guard isPaused, !isClosed else { return }
    isPaused = false
    if !held.isEmpty, !isDelivering {
      var bytes = held
      held = []
      bytes.withUnsafeMutableBytes { deliver($0) }
    }
    if !isPaused { resumeReading() }
  }

  private func arrived(_ count: Int) {
    loop.noteInput()
    if partial.isEmpty {
      deliver(UnsafeMutableRawBufferPointer(rebasing: loop.slab[..<count]))
      return
    }
    partial.received(count)
    if let size = partial.frameSize, size < 0 || size > maxFrameBytes { return refuse(size) }
    while let frame = partial.takeFrame() {
      isDelivering = true
      delegate?.connection(self, received: frame.bytes)
      isDelivering = false
      partial.reuse(frame)
      if isClosed { return }
    }
  }

  /// Hands over the whole frames in `bytes` and keeps what is left.
  private func deliver(_ bytes: UnsafeMutableRawBufferPointer) {
    var start = 0
    isDelivering = true
    defer { isDelivering = false }
    while bytes.count - start >= 4 {
      if isPaused {
        held = Array(bytes[start...])
        return
      }
      let size = Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: Int32.self)))
      guard size >= 0, size <= maxFrameBytes else { return refuse(size) }
      guard bytes.count - start - 4 >= size else { break }
      delegate?.connection(
        self, received: UnsafeMutableRawBufferPointer(rebasing: bytes[(start + 4)..<(start + 4 + size)]))
      if isClosed { return }
      start += 4 + size
    }
    if start < bytes.count { partial.begin(with: UnsafeRawBufferPointer(rebasing: bytes[start...])) }
  }

  private func refuse(_ size: Int) {
    end("frame of \(size) bytes, not between 0 and \(maxFrameBytes)")
  }

  private func end(_ reason: String) {
    guard !isClosed else { return }
    let delegate = delegate
    close()
    delegate?.connectionEnded(self, reason: reason)
  }

  public override func close() {
    super.close()
    outbox = []
    currentWrite = nil
    unsentBytes = 0
  }

  // MARK: output

  /// Queues a whole frame (with its size field); everything queued in one turn of the loop leaves in one write.
  public func send(_ frame: [UInt8]) {
    guard !isClosed else { return }
    frame.withUnsafeBytes { bytes in
      if let last = outbox.last, last.isShared, last.buffer.free >= bytes.count {
        last.buffer.append(bytes)
      } else {
        let buffer = OutputBuffer(capacity: max(bytes.count, Self.sharedBufferBytes), on: loop)
        buffer.append(bytes)
        outbox.append((buffer, true))
      }
    }
    queued(frame.count)
  }

  /// Queues bytes that lie in memory of their own: a part of a frame, or a whole one.
  public func send(_ buffer: OutputBuffer) {
    guard !isClosed, buffer.count > 0 else { return }
    outbox.append((buffer, false))
    queued(buffer.count)
  }

  private static let sharedBufferBytes = 2048

  private func queued(_ count: Int) {
    unsentBytes += count
    if !isInUnsentList {
      isInUnsentList = true
      loop.unsent.append(self)
    }
  }

  func flush() {
    isInUnsentList = false
    // One write at a time, or bytes would overtake each other.
    guard !isClosed, !outbox.isEmpty, currentWrite == nil else { return }
    let write = PendingWrite(self, outbox.map(\.buffer))
    outbox.removeAll(keepingCapacity: true)
    currentWrite = write
    write.start()
    if write.isDone { currentWrite = nil }
  }

  /// The write that the socket did not take at once has ended.
  func writeEnded() {
    currentWrite = nil
    flush()
  }

  func wrote(_ count: Int, failed: Int32) {
    unsentBytes -= count
    if failed < 0 { end(String(cString: uv_strerror(failed))) }
  }

  /// What `PendingConnect` came to.
  func connected(_ error: IOError?, _ done: (Connection, IOError?) -> Void) {
    if let error {
      close()
      done(self, error)
    } else {
      done(self, nil)
    }
  }

  var tcp: UnsafeMutablePointer<uv_tcp_t> { raw }
}
