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

/// A sparse index: the file, and in memory only its newest entries and the page that was read last.
///
/// Memory does not grow with the log. An index of ``newestCount`` entries or fewer lies in memory as a whole; of a longer
/// one the file has the rest. The file is no promise: after an unclean stop the index of everything past the recovery
/// point is made anew, so entries may be written at any time and are synced when asked.
final class IndexFile<Entry: IndexEntry> {
  private let path: String
  private let fileSystem: any FileSystem
  private(set) var count = 0
  private(set) var last: Entry?
  /// The entries up to `count`; all that are not in the file, and some more.
  private var newest: [Entry] = []
  /// The entries in the file that hold.
  private var written = 0
  /// Whether the file may have more than `written` entries: an older index, or what was preallocated.
  private var isFileLonger = true
  private var page: [Entry] = []
  private var pageStart = 0

  /// So many entries stay in memory when others go to the file; twice as many are there at most.
  private static var newestCount: Int { 512 }
  private static var pageCount: Int { 512 }

  /// A new index, which replaces what the file has.
  init(path: String, fileSystem: any FileSystem) {
    self.path = path
    self.fileSystem = fileSystem
  }

  /// Reads the file; nil when it is absent or its content cannot be an index.
  init?(reading path: String, fileSystem: any FileSystem) throws(LogError) {
    guard fileSystem.exists(path) else { return nil }
    self.path = path
    self.fileSystem = fileSystem
    let bytes = try io { () throws(FileError) in try fileSystem.contents(of: path) }
    guard bytes.count % Entry.size == 0 else { return nil }
    let all = bytes.count / Entry.size
    let isIndex = bytes.withUnsafeBytes { buffer in
      count = all
      while count > 0, Entry.decode(buffer, at: (count - 1) * Entry.size).isBlank { count -= 1 }
      for index in 0..<count {
        let entry = Entry.decode(buffer, at: index * Entry.size)
        if let last, !entry.follows(last) { return false }
        last = entry
        if index >= count - Self.newestCount { newest.append(entry) }
      }
      return true
    }
    guard isIndex else { return nil }
    written = count
    isFileLonger = count < all
  }

  var isEmpty: Bool { count == 0 }

  func append(_ entry: Entry) throws(LogError) {
    if let last, !entry.follows(last) { return }
    newest.append(entry)
    count += 1
    last = entry
    guard newest.count >= 2 * Self.newestCount else { return }
    try write(durable: false)
    newest.removeFirst(newest.count - Self.newestCount)
  }

  /// Keeps the entries before the first for which `isBeyond` holds.
  func truncate(where isBeyond: (Entry) -> Bool) throws(LogError) {
    let kept = try firstIndex(where: isBeyond)
    guard kept < count else { return }
    let start = count - newest.count
    if kept > start {
      newest.removeLast(count - kept)
    } else {
      let from = max(0, kept - Self.newestCount)
      newest = try read(from: from, count: kept - from)
    }
    count = kept
    last = newest.last
    if written > kept {
      written = kept
      isFileLonger = true
    }
    page = []
  }

  /// The last entry for which `isBeyond` does not hold, by binary search.
  func last(before isBeyond: (Entry) -> Bool) throws(LogError) -> Entry? {
    let index = try firstIndex(where: isBeyond)
    return index == 0 ? nil : try entry(at: index - 1)
  }

  private func entry(at index: Int) throws(LogError) -> Entry? {
    let start = count - newest.count
    if index >= start { return newest[index - start] }
    if index >= pageStart, index - pageStart < page.count { return page[index - pageStart] }
    return try read(from: index, count: 1).first
  }

  private func firstIndex(where isBeyond: (Entry) -> Bool) throws(LogError) -> Int {
    let start = count - newest.count
    if start == 0 || newest.first.map({ !isBeyond($0) }) == true {
      return start + Self.firstIndex(in: newest, where: isBeyond)
    }
    if let first = page.first, let last = page.last, !isBeyond(first), isBeyond(last) {
      return pageStart + Self.firstIndex(in: page, where: isBeyond)
    }
    // The page whose first entry is the last one that is not beyond.
    let file = try open()
    var low = 0
    var high = (start + Self.pageCount - 1) / Self.pageCount
    while high - low > 1 {
      let middle = (low + high) / 2
      guard let first = try read(from: middle * Self.pageCount, count: 1, of: file).first else { break }
      if isBeyond(first) { high = middle } else { low = middle }
    }
    // One more than a page, so that neighbours overlap and a search that ends between them finds its page again.
    pageStart = low * Self.pageCount
    page = try read(from: pageStart, count: min(Self.pageCount + 1, start - pageStart), of: file)
    return pageStart + Self.firstIndex(in: page, where: isBeyond)
  }

  private static func firstIndex(in entries: [Entry], where isBeyond: (Entry) -> Bool) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if isBeyond(entries[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private func open(create: Bool = false) throws(LogError) -> any StoredFile {
    try io { () throws(FileError) in try fileSystem.open(path, create: create) }
  }

  private func read(from index: Int, count: Int) throws(LogError) -> [Entry] {
    guard count > 0 else { return [] }
    return try read(from: index, count: count, of: try open())
  }

  private func read(from index: Int, count: Int, of file: any StoredFile) throws(LogError) -> [Entry] {
    try io { () throws(FileError) in
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count * Entry.size, alignment: 8)
      defer { buffer.deallocate() }
      guard try file.read(at: index * Entry.size, into: buffer) == buffer.count else {
        throw FileError(.inputOutput, operation: "read (index cut off)", path: path)
      }
      return (0..<count).map { Entry.decode(UnsafeRawBufferPointer(buffer), at: $0 * Entry.size) }
    }
  }

  /// Brings the file up to the entries and trims what was preallocated.
  func write(durable: Bool) throws(LogError) {
    guard written < count || isFileLonger || durable else { return }
    let file = try open(create: true)
    if isFileLonger {
      try io { () throws(FileError) in try file.truncate(to: written * Entry.size) }
      isFileLonger = false
    }
    if written < count {
      var bytes: [UInt8] = []
      bytes.reserveCapacity((count - written) * Entry.size)
      for entry in newest.suffix(count - written) { entry.encode(into: &bytes) }
      try io { () throws(FileError) in try file.write(bytes: bytes, at: written * Entry.size) }
      written = count
    }
    if durable { try io { () throws(FileError) in try file.sync() } }
  }

  /// Writes what is not in the file and keeps no entry in memory but the last: nothing will be appended.
  func seal() throws(LogError) {
    try write(durable: false)
    newest = []
    page = []
  }
}
