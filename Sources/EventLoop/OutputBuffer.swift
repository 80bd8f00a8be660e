/// Bytes on their way out, in memory of their own that does not move: 64-byte aligned, not initialised.
///
/// Whoever fills it reads a file straight into it; the connection writes it without another copy. It lives and dies on
/// its loop's thread.
public final class OutputBuffer {
  public let bytes: UnsafeMutableRawBufferPointer
  /// How many of the bytes are to be sent.
  public var count: Int

  private let pool: BufferPool

  public init(capacity: Int, on loop: EventLoop) {
    pool = loop.buffers
    bytes = pool.take(capacity)
    count = 0
  }

  deinit { pool.give(bytes) }

  var free: Int { bytes.count - count }

  func append(_ source: UnsafeRawBufferPointer) {
    UnsafeMutableRawBufferPointer(rebasing: bytes[count...]).copyMemory(from: source)
    count += source.count
  }
}
