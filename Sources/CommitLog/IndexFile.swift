import Primitives

/// An entry of a sparse index, big-endian on disk.
protocol IndexEntry: Sendable {
  static var size: Int { get }
  func encode(into bytes: inout [UInt8])
  static func decode(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Self
  /// Whether this entry may follow `previous`.
  func follows(_ previous: Self) -> Bool
  /// What a preallocated, unused entry looks like.
  var isBlank: Bool { get }
}

/// `.index`: the last offset of a batch (relative to the segment's base) and the position where the batch starts.
struct OffsetIndexEntry: IndexEntry, Equatable {
  static let size = 8
  var relativeOffset: Int32
  var position: Int32

  func encode(into bytes: inout [UInt8]) {
    withUnsafeBytes(of: relativeOffset.bigEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: position.bigEndian) { bytes.append(contentsOf: $0) }
  }

  static func decode(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> OffsetIndexEntry {
    OffsetIndexEntry(
      relativeOffset: Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)),
      position: Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset + 4, as: Int32.self)))
  }

  func follows(_ previous: OffsetIndexEntry) -> Bool {
    relativeOffset > previous.relativeOffset && position > previous.position
  }

  var isBlank: Bool { relativeOffset == 0 && position == 0 }
}

/// `.timeindex`: the largest timestamp so far and the last offset (relative) of the batch that has it.
struct TimeIndexEntry: IndexEntry, Equatable {
  static let size = 12
  var timestamp: Int64
  var relativeOffset: Int32

  func encode(into bytes: inout [UInt8]) {
    withUnsafeBytes(of: timestamp.bigEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: relativeOffset.bigEndian) { bytes.append(contentsOf: $0) }
  }

  static func decode(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> TimeIndexEntry {
    TimeIndexEntry(
      timestamp: Int64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self)),
      relativeOffset: Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: Int32.self)))
  }

  func follows(_ previous: TimeIndexEntry) -> Bool {
    timestamp > previous.timestamp && relativeOffset >= previous.relativeOffset
  }

  var isBlank: Bool { timestamp == 0 && relativeOffset == 0 }
}

/// A sparse index: its entries in memory, and the file that they are written to when asked.
///
/// Entries are written late, since after an unclean stop the index of everything past the recovery point is made anew.
struct IndexFile<Entry: IndexEntry> {
  private(set) var entries: [Entry] = []
  /// Entries from here on are not in the file; −1 when the file has to be written as a whole.
  private var written = -1

  /// Reads the file; nil when it is absent or its content cannot be an index.
  init?(path: String, fileSystem: any FileSystem) throws(LogError) {
    guard fileSystem.exists(path) else { return nil }
    let bytes = try io { () throws(FileError) in try fileSystem.contents(of: path) }
    var entries: [Entry] = []
    entries.reserveCapacity(bytes.count / Entry.size)
    bytes.withUnsafeBytes { buffer in
      for index in 0..<bytes.count / Entry.size { entries.append(.decode(buffer, at: index * Entry.size)) }
    }
    let all = entries.count
    while let last = entries.last, last.isBlank { entries.removeLast() }
    guard bytes.count % Entry.size == 0, zip(entries, entries.dropFirst()).allSatisfy({ $1.follows($0) }) else {
      return nil
    }
    self.entries = entries
    written = entries.count == all ? all : -1
  }

  init() {}

  mutating func append(_ entry: Entry) {
    if let last = entries.last, !entry.follows(last) { return }
    entries.append(entry)
  }

  /// Keeps the entries before the first for which `isBeyond` holds.
  mutating func truncate(where isBeyond: (Entry) -> Bool) {
    let kept = firstIndex(where: isBeyond)
    guard kept < entries.count else { return }
    entries.removeLast(entries.count - kept)
    written = -1
  }

  mutating func removeAll() {
    entries.removeAll()
    written = -1
  }

  /// The last entry for which `isBeyond` does not hold, by binary search.
  func last(before isBeyond: (Entry) -> Bool) -> Entry? {
    let index = firstIndex(where: isBeyond)
    return index == 0 ? nil : entries[index - 1]
  }

  private func firstIndex(where isBeyond: (Entry) -> Bool) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if isBeyond(entries[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Brings the file up to the entries and trims what was preallocated.
  mutating func write(to path: String, fileSystem: any FileSystem, durable: Bool) throws(LogError) {
    guard written < entries.count || durable else { return }
    let file = try io { () throws(FileError) in try fileSystem.open(path, create: true) }
    let from = max(0, written)
    if written < entries.count {
      var bytes: [UInt8] = []
      bytes.reserveCapacity((entries.count - from) * Entry.size)
      for entry in entries[from...] { entry.encode(into: &bytes) }
      try io { () throws(FileError) in
        if written < 0 { try file.truncate(to: 0) }
        if !bytes.isEmpty { try file.write(bytes: bytes, at: from * Entry.size) }
      }
      written = entries.count
    }
    if durable { try io { () throws(FileError) in try file.sync() } }
  }
}
