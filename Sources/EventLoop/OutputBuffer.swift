/// Bytes on their way out, in memory of their own that does not move: 64-byte aligned, not initialised.
///
/// Whoever fills it reads a file straight into it; the connection writes it without another copy.
public final class OutputBuffer {
  public let bytes: UnsafeMutableRawBufferPointer
  /// How many of the bytes are to be sent.
  public var count: Int

  public init(capacity: Int) {
    bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(capacity, 64), alignment: 64)
    count = 0
  }

  deinit { bytes.deallocate() }

  var free: Int { bytes.count - count }

  func append(_ source: UnsafeRawBufferPointer) {
    UnsafeMutableRawBufferPointer(rebasing: bytes[count...]).copyMemory(from: source)
    count += source.count
  }
}
