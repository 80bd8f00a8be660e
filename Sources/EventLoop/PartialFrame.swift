/// The beginning of a frame that has not arrived whole, in a buffer of its own.
///
/// Its memory grows with what has arrived: doubled when full, up to the frame's size.
struct PartialFrame {
  private let pool: BufferPool
  private var buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var filled = 0

  init(_ pool: BufferPool) { self.pool = pool }

  var isEmpty: Bool { filled == 0 }

  /// The size that the frame claims, once its four bytes are there.
  var frameSize: Int? {
    filled >= 4 ? Int(Int32(bigEndian: buffer.loadUnaligned(fromByteOffset: 0, as: Int32.self))) : nil
  }

  mutating func begin(with bytes: UnsafeRawBufferPointer) {
    reserve(max(bytes.count, 4))
    UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyMemory(from: bytes)
    filled += bytes.count
  }

  /// Where the next bytes go; nil when nothing is pending and the loop's slab serves.
  var space: UnsafeMutableRawBufferPointer? {
    mutating get {
      guard filled > 0 else { return nil }
      let wanted = (frameSize ?? 0) + 4
      if filled == buffer.count { reserve(min(max(wanted - filled, 4), max(filled, 64 << 10))) }
      // No byte beyond this frame, so that takeFrame leaves nothing behind.
      let end = frameSize == nil ? 4 : min(buffer.count, wanted)
      return UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<end])
    }
  }

  mutating func received(_ count: Int) { filled += count }

  /// The frame, when it is whole; the caller gives it back to `reuse`.
  mutating func takeFrame() -> Whole? {
    guard let size = frameSize, filled >= size + 4 else { return nil }
    let whole = Whole(buffer: buffer, count: size)
    buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    filled = 0
    return whole
  }

  struct Whole {
    let buffer: UnsafeMutableRawBufferPointer
    let count: Int
    var bytes: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: buffer[4..<(4 + count)]) }
  }

  func reuse(_ frame: Whole) { pool.give(frame.buffer) }

  private mutating func reserve(_ more: Int) {
    guard buffer.count - filled < more else { return }
    let larger = pool.take(filled + more)
    if buffer.baseAddress != nil {
      larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
      pool.give(buffer)
    }
    buffer = larger
  }

  mutating func discard() {
    if buffer.baseAddress != nil { pool.give(buffer) }
    buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    filled = 0
  }
}
