import CLZ4
import CSnappy
import CZlib
import CZstd

/// Memory with the records of a compressed batch.
final class DecompressedBytes {
  private(set) var memory: UnsafeMutableRawBufferPointer
  private(set) var count = 0
  private let limit: Int

  var bytes: UnsafeMutableRawBufferPointer { .init(rebasing: memory[..<count]) }

  init(expected: Int, limit: Int) {
    self.limit = limit
    memory = .allocate(byteCount: max(1, min(expected, limit)), alignment: 16)
  }

  deinit { memory.deallocate() }

  /// Room after what is there, at least one byte of it; nil when the budget is spent.
  func room(atLeast wanted: Int = 1) -> UnsafeMutableRawBufferPointer? {
    if memory.count - count < wanted {
      guard wanted <= limit - count else { return nil }
      let larger = UnsafeMutableRawBufferPointer.allocate(
        byteCount: min(limit, max(memory.count * 2, count + wanted)), alignment: 16)
      larger.copyMemory(from: UnsafeRawBufferPointer(bytes))
      memory.deallocate()
      memory = larger
    }
    return UnsafeMutableRawBufferPointer(rebasing: memory[count...])
  }

  func advance(_ added: Int) { count += added }
}

/// The codecs of record batches, each through the library that everybody uses for it.
package enum Compression {
  static func decompress(
    _ input: UnsafeRawBufferPointer, codec: CompressionCodec, limit: Int
  ) throws(RecordError) -> DecompressedBytes {
    let output = DecompressedBytes(expected: max(256, input.count * 3), limit: limit)
    switch codec {
    case .none:
      guard let room = output.room(atLeast: max(1, input.count)) else { throw .decompressedTooLarge(limit: limit) }
      room.copyMemory(from: input)
      output.advance(input.count)
    case .gzip: try gunzip(input, into: output, limit: limit)
    case .snappy: try unsnappy(input, into: output, limit: limit)
    case .lz4: try unlz4(input, into: output, limit: limit)
    case .zstd: try unzstd(input, into: output, limit: limit)
    }
    return output
  }

  private static func gunzip(
    _ input: UnsafeRawBufferPointer, into output: DecompressedBytes, limit: Int
  ) throws(RecordError) {
    var stream = z_stream()
    guard
      inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw .damagedCompression(.gzip) }
    defer { inflateEnd(&stream) }
    guard let length = UInt32(exactly: input.count) else { throw .damagedCompression(.gzip) }
    stream.next_in = UnsafeMutablePointer(mutating: input.assumingMemoryBound(to: UInt8.self).baseAddress)
    stream.avail_in = length
    while true {
      guard let room = output.room() else { throw .decompressedTooLarge(limit: limit) }
      let size = UInt32(min(room.count, 1 << 30))
      stream.next_out = room.assumingMemoryBound(to: UInt8.self).baseAddress
      stream.avail_out = size
      let status = inflate(&stream, Z_NO_FLUSH)
      output.advance(Int(size - stream.avail_out))
      if status == Z_STREAM_END {
        // Members may follow each other (RFC 1952, section 2.2).
        if stream.avail_in == 0 { return }
        guard inflateReset(&stream) == Z_OK else { throw .damagedCompression(.gzip) }
        continue
      }
      guard status == Z_OK || (status == Z_BUF_ERROR && stream.avail_out == 0) else {
        throw .damagedCompression(.gzip)
      }
      if stream.avail_in == 0, stream.avail_out > 0 { throw .damagedCompression(.gzip) }
    }
  }

  /// Either the framing of xerial's snappy-java, which Kafka's Java client writes, or one raw block, as librdkafka may.
  private static func unsnappy(
    _ input: UnsafeRawBufferPointer, into output: DecompressedBytes, limit: Int
  ) throws(RecordError) {
    let magic: [UInt8] = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]
    guard input.count >= 16, input.prefix(8).elementsEqual(magic) else {
      return try snappyBlock(input, into: output, limit: limit)
    }
    var position = 16
    while position < input.count {
      guard input.count - position >= 4 else { throw .damagedCompression(.snappy) }
      let declared = Int32(bigEndian: input.loadUnaligned(fromByteOffset: position, as: Int32.self))
      position += 4
      guard declared >= 0, Int(declared) <= input.count - position else { throw .damagedCompression(.snappy) }
      let end = position + Int(declared)
      try snappyBlock(.init(rebasing: input[position..<end]), into: output, limit: limit)
      position = end
    }
  }

  private static func snappyBlock(
    _ block: UnsafeRawBufferPointer, into output: DecompressedBytes, limit: Int
  ) throws(RecordError) {
    let source = block.assumingMemoryBound(to: CChar.self).baseAddress
    var length = 0
    guard snappy_uncompressed_length(source, block.count, &length) == SNAPPY_OK else {
      throw .damagedCompression(.snappy)
    }
    // A block can unfold to at most some twenty times its size: a larger claim is not worth memory.
    guard length >= 0, length / 64 <= block.count else { throw .damagedCompression(.snappy) }
    guard let room = output.room(atLeast: max(1, length)) else { throw .decompressedTooLarge(limit: limit) }
    var written = room.count
    guard
      snappy_uncompress(source, block.count, room.assumingMemoryBound(to: CChar.self).baseAddress, &written)
        == SNAPPY_OK
    else { throw .damagedCompression(.snappy) }
    output.advance(written)
  }

  private static func unlz4(
    _ input: UnsafeRawBufferPointer, into output: DecompressedBytes, limit: Int
  ) throws(RecordError) {
    var context: OpaquePointer?
    guard LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) == 0, let context else {
      throw .damagedCompression(.lz4)
    }
    defer { LZ4F_freeDecompressionContext(context) }
    var position = 0
    var hint = 1
    while true {
      guard let room = output.room() else { throw .decompressedTooLarge(limit: limit) }
      var produced = room.count
      var consumed = input.count - position
      let source = input.baseAddress.map { $0 + position }
      hint = LZ4F_decompress(context, room.baseAddress, &produced, source, &consumed, nil)
      guard LZ4F_isError(hint) == 0 else { throw .damagedCompression(.lz4) }
      output.advance(produced)
      position += consumed
      if hint == 0 { return }
      if produced == 0, consumed == 0 { throw .damagedCompression(.lz4) }
    }
  }

  private static func unzstd(
    _ input: UnsafeRawBufferPointer, into output: DecompressedBytes, limit: Int
  ) throws(RecordError) {
    guard let context = ZSTD_createDStream() else { throw .damagedCompression(.zstd) }
    defer { ZSTD_freeDStream(context) }
    var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    while true {
      guard let room = output.room() else { throw .decompressedTooLarge(limit: limit) }
      var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
      let before = source.pos
      let hint = ZSTD_decompressStream(context, &target, &source)
      guard ZSTD_isError(hint) == 0 else { throw .damagedCompression(.zstd) }
      output.advance(target.pos)
      if source.pos == source.size, hint == 0 { return }
      if source.pos == before, target.pos == 0 { throw .damagedCompression(.zstd) }
    }
  }

  /// What `input` compresses to; for tests, tools and the few batches that a broker makes itself.
  package static func compress(_ input: [UInt8], codec: CompressionCodec) throws(RecordError) -> [UInt8] {
    switch codec {
    case .none: return input
    case .gzip: return try gzip(input)
    case .snappy:
      var length = snappy_max_compressed_length(input.count)
      var output = [UInt8](repeating: 0, count: length)
      let status = input.withUnsafeBytes { source in
        output.withUnsafeMutableBytes { target in
          snappy_compress(
            source.assumingMemoryBound(to: CChar.self).baseAddress, source.count,
            target.assumingMemoryBound(to: CChar.self).baseAddress, &length)
        }
      }
      guard status == SNAPPY_OK else { throw .damagedCompression(.snappy) }
      return Array(output[..<length])
    case .lz4:
      var output = [UInt8](repeating: 0, count: LZ4F_compressFrameBound(input.count, nil))
      let capacity = output.count
      let length = LZ4F_compressFrame(&output, capacity, input, input.count, nil)
      guard LZ4F_isError(length) == 0 else { throw .damagedCompression(.lz4) }
      return Array(output[..<length])
    case .zstd:
      var output = [UInt8](repeating: 0, count: ZSTD_compressBound(input.count))
      let capacity = output.count
      let length = ZSTD_compress(&output, capacity, input, input.count, 3)
      guard ZSTD_isError(length) == 0 else { throw .damagedCompression(.zstd) }
      return Array(output[..<length])
    }
  }

  private static func gzip(_ input: [UInt8]) throws(RecordError) -> [UInt8] {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    guard
      deflateInit2_(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        == Z_OK,
      let length = UInt32(exactly: input.count)
    else { throw .damagedCompression(.gzip) }
    defer { deflateEnd(&stream) }
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(input.count))) + 32)
    let capacity = UInt32(output.count)
    let status = input.withUnsafeBufferPointer { source in
      output.withUnsafeMutableBufferPointer { target in
        stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        stream.avail_in = length
        stream.next_out = target.baseAddress
        stream.avail_out = capacity
        return deflate(&stream, Z_FINISH)
      }
    }
    guard status == Z_STREAM_END else { throw .damagedCompression(.gzip) }
    return Array(output[..<Int(capacity - stream.avail_out)])
  }
}
