import Primitives
import Records

/// Reads batch headers of a segment through a window, so that neighbouring headers cost one read.
final class BatchReader {
  private let file: any StoredFile
  private let window: UnsafeMutableRawBufferPointer
  private var start = 0
  private var count = 0

  init(_ file: any StoredFile, windowBytes: Int = 16 << 10) {
    self.file = file
    window = .allocate(byteCount: windowBytes, alignment: 64)
  }

  deinit { window.deallocate() }

  /// The header at `position` if a whole header lies before `end` and is possible: magic 2, a length that fits.
  func header(at position: Int, end: Int) throws(LogError) -> RecordBatchHeader? {
    guard end - position >= RecordBatchHeader.size else { return nil }
    if position < start || position + RecordBatchHeader.size > start + count { try fill(from: position) }
    guard let base = window.baseAddress, position + RecordBatchHeader.size <= start + count else { return nil }
    let header = RecordBatchHeader.read(at: base + (position - start))
    guard header.magic == 2, header.batchLength >= RecordBatchHeader.size - RecordBatchHeader.prefix,
      header.totalSize <= end - position
    else { return nil }
    return header
  }

  /// Whether the batch's checksum fits its bytes; reads them piece by piece, whatever their length.
  func hasValidChecksum(_ header: RecordBatchHeader, at position: Int) throws(LogError) -> Bool {
    var at = position + RecordBatchHeader.checksummedFrom
    let end = position + header.totalSize
    var crc: UInt32 = 0
    while at < end {
      if at < start || at >= start + count { try fill(from: at) }
      guard at < start + count else { return false }
      let upper = min(end, start + count)
      crc = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: window[(at - start)..<(upper - start)]), continuing: crc)
      at = upper
    }
    return crc == header.crc
  }

  /// The bytes of a whole batch.
  func batch(_ header: RecordBatchHeader, at position: Int) throws(LogError) -> [UInt8] {
    try file.bytes(at: position, count: header.totalSize)
  }

  private func fill(from position: Int) throws(LogError) {
    start = position
    count = 0
    do { count = try file.read(at: position, into: window) } catch { throw .file(error) }
  }
}

extension StoredFile {
  /// Exactly `count` bytes, or fewer at the file's end.
  func bytes(at position: Int, count: Int) throws(LogError) -> [UInt8] {
    var failure: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(FileError) {
        filled = try read(at: position, into: UnsafeMutableRawBufferPointer(buffer))
      } catch { failure = error }
    }
    if let failure { throw .file(failure) }
    return bytes
  }
}

/// Runs file operations for a caller that reports log errors.
func io<T>(_ body: () throws(FileError) -> T) throws(LogError) -> T {
  do { return try body() } catch { throw .file(error) }
}
