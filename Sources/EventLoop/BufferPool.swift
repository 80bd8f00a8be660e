import CUV

/// Memory for frames and answers of one loop: what was given back is handed out again.
///
/// Large pieces come in sizes of powers of two. A piece that is taken from the system anew costs a page fault every four
/// kilobytes, as much as copying it; one that the allocator keeps for itself stays with the process for ever. So a few
/// megabytes are kept here, and the rest goes back to the system at once. Confined to the loop's thread.
public final class BufferPool {
  /// Smaller pieces are the allocator's business.
  private static let smallest = 64 << 10
  /// Larger pieces are not kept.
  private static let largest = 8 << 20
  /// Kept bytes at most.
  private let limit: Int
  private var kept: [[UnsafeMutableRawPointer]] = Array(repeating: [], count: Int.bitWidth)
  private(set) var keptBytes = 0
  /// The fewest bytes kept since the last `trim`: nobody needed these.
  private var leastKept = 0

  public init(limit: Int = 4 << 20) { self.limit = limit }

  deinit {
    for pieces in kept { for piece in pieces { piece.deallocate() } }
  }

  /// For the process, at its start: large pieces that are freed go back to the system. glibc otherwise keeps ever larger
  /// ones for itself, once it has seen one of their size freed.
  public static func returnFreedMemory() { cuv_return_freed(Int32(smallest)) }

  /// A piece of at least `count` bytes, 64-byte aligned, not initialised; to be given back with `give`.
  func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
    guard count > Self.smallest, count <= Self.largest else {
      return .allocate(byteCount: max(count, 64), alignment: 64)
    }
    let size = Self.roundedUp(count)
    if let piece = kept[size.trailingZeroBitCount].popLast() {
      keptBytes -= size
      leastKept = min(leastKept, keptBytes)
      return UnsafeMutableRawBufferPointer(start: piece, count: size)
    }
    return .allocate(byteCount: size, alignment: 64)
  }

  func give(_ buffer: UnsafeMutableRawBufferPointer) {
    let size = buffer.count
    guard size > Self.smallest, size <= Self.largest, size.nonzeroBitCount == 1, keptBytes + size <= limit,
      let piece = buffer.baseAddress
    else { return buffer.deallocate() }
    kept[size.trailingZeroBitCount].append(piece)
    keptBytes += size
  }

  /// Gives back to the system what nobody needed since the last call.
  func trim() {
    var unneeded = leastKept
    for index in kept.indices.reversed() {
      while unneeded >= 1 << index, let piece = kept[index].popLast() {
        piece.deallocate()
        keptBytes -= 1 << index
        unneeded -= 1 << index
      }
    }
    leastKept = keptBytes
  }

  private static func roundedUp(_ count: Int) -> Int { 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount) }
}
