import Primitives

/// A disk in memory that can crash: for simulators and crash tests.
///
/// Each file has what is durable and what is only in the page cache. A crash keeps a random subset of the pages that
/// were written since the last sync, not a prefix of them, and tears some at 512 bytes; creations, renames and
/// removals are undone unless their directory was synced. Faults are injected by ``failNextSync`` and ``capacity``.
public final class MemoryFileSystem: FileSystem {
  static let pageSize = 4096
  static let sectorSize = 512

  /// The next sync fails once: dirty pages are dropped from what can become durable and count as clean, as Linux does.
  public var failNextSync = false
  /// Syncs return as if they had been carried out, and nothing becomes durable.
  public var ignoresSyncs = false
  /// How many syncs have failed.
  public private(set) var failedSyncs = 0
  public func forgetFailedSyncs() { failedSyncs = 0 }
  /// Bytes that all files together may have; nil without limit. More is `noSpace`.
  public var capacity: Int?
  /// Syncs that were carried out.
  public private(set) var syncCount = 0
  /// Writes that were carried out.
  public private(set) var writeCount = 0
  /// When set, this many more changing calls succeed; all later ones fail, as after a power cut.
  public var operationsUntilPowerCut: Int?

  private var names: [String: MemoryFile] = [:]
  private var durableNames: [String: MemoryFile] = [:]
  private var directories: Set<String> = ["", "."]
  private var generation = 0

  public init() {}

  public func open(_ path: String, create: Bool) throws(FileError) -> any StoredFile {
    if let file = names[path] { return MemoryHandle(file, self, path, generation) }
    guard create, directories.contains(parent(of: path)) else {
      throw FileError(.notFound, operation: "open", path: path)
    }
    try change("open", path)
    let file = MemoryFile()
    names[path] = file
    return MemoryHandle(file, self, path, generation)
  }

  public func list(_ directory: String) throws(FileError) -> [String] {
    guard directories.contains(directory) else { throw FileError(.notFound, operation: "list", path: directory) }
    let children = names.keys.filter { parent(of: $0) == directory }
    let folders = directories.filter { !$0.isEmpty && $0 != "." && $0 != directory && parent(of: $0) == directory }
    return (children + folders).map { String($0[($0.lastIndex(of: "/").map($0.index(after:)) ?? $0.startIndex)...]) }
      .sorted()
  }

  public func exists(_ path: String) -> Bool { names[path] != nil || directories.contains(path) }

  public func makeDirectory(_ path: String) throws(FileError) {
    if names[path] != nil { throw FileError(.exists, operation: "mkdir", path: path) }
    guard directories.contains(parent(of: path)) || parent(of: path) == "/" else {
      throw FileError(.notFound, operation: "mkdir", path: path)
    }
    directories.insert(path)
  }

  public func removeDirectory(_ path: String) throws(FileError) {
    try change("rmdir", path)
    guard try list(path).isEmpty else { throw FileError(.exists, operation: "rmdir", path: path) }
    directories.remove(path)
  }

  public func rename(_ from: String, to: String) throws(FileError) {
    try change("rename", from)
    if directories.contains(from) {
      for (path, file) in names where path.hasPrefix(from + "/") {
        names[path] = nil
        names[to + path.dropFirst(from.count)] = file
      }
      // A directory's rename is durable at once: what tears here is files.
      for (path, file) in durableNames where path.hasPrefix(from + "/") {
        durableNames[path] = nil
        durableNames[to + path.dropFirst(from.count)] = file
      }
      directories.remove(from)
      directories.insert(to)
      return
    }
    guard let file = names.removeValue(forKey: from) else {
      throw FileError(.notFound, operation: "rename", path: from)
    }
    names[to] = file
  }

  public func unlink(_ path: String) throws(FileError) {
    try change("unlink", path)
    guard names.removeValue(forKey: path) != nil else { throw FileError(.notFound, operation: "unlink", path: path) }
  }

  public func syncDirectory(_ path: String) throws(FileError) {
    try sync(path)
    guard !ignoresSyncs else { return }
    for name in Set(names.keys).union(durableNames.keys) where parent(of: name) == path {
      durableNames[name] = names[name]
    }
  }

  /// Loses power: what was not synced is kept or lost page by page, as `random` has it. Open files become useless.
  public func crash(using random: inout RandomSource) {
    generation += 1
    operationsUntilPowerCut = nil
    failNextSync = false
    var survivors: [String: MemoryFile] = [:]
    for name in Set(names.keys).union(durableNames.keys).sorted() {
      let now = names[name]
      let before = durableNames[name]
      // Each change of a directory may have reached the disk by itself.
      if let file = now === before || random.chance(0.5) ? now : before { survivors[name] = file }
    }
    var crashed: Set<ObjectIdentifier> = []
    for name in survivors.keys.sorted() {
      guard let file = survivors[name], crashed.insert(ObjectIdentifier(file)).inserted else { continue }
      file.crash(using: &random)
    }
    names = survivors
    durableNames = survivors
  }

  /// Flips one bit of a file, in the page cache and on the disk.
  public func flipBit(of path: String, at position: Int, bit: Int) {
    names[path]?.flipBit(at: position, bit: bit)
  }

  fileprivate func change(_ operation: String, _ path: String) throws(FileError) {
    guard let left = operationsUntilPowerCut else { return }
    guard left > 0 else { throw FileError(.inputOutput, operation: operation, path: path) }
    operationsUntilPowerCut = left - 1
  }

  fileprivate func sync(_ path: String) throws(FileError) {
    try change("sync", path)
    syncCount += 1
  }

  fileprivate func write(growth: Int, _ path: String) throws(FileError) {
    try change("write", path)
    writeCount += 1
    if let capacity, growth > 0, names.values.reduce(growth, { $0 + $1.bytes.count }) > capacity {
      throw FileError(.noSpace, operation: "write", path: path)
    }
  }

  fileprivate func noteFailedSync() {
    failNextSync = false
    failedSyncs += 1
  }

  fileprivate func isCurrent(_ generation: Int) -> Bool { generation == self.generation }
}

/// A file's content: what a reader sees, and what would be there after a crash.
final class MemoryFile {
  var bytes: [UInt8] = []
  private var durable: [UInt8] = []
  private var dirtyPages: Set<Int> = []

  func write(_ source: UnsafeRawBufferPointer, at position: Int) {
    let end = position + source.count
    if bytes.count < end { bytes.append(contentsOf: repeatElement(0, count: end - bytes.count)) }
    bytes.replaceSubrange(position..<end, with: source)
    if !source.isEmpty {
      dirtyPages.formUnion(position / MemoryFileSystem.pageSize...(end - 1) / MemoryFileSystem.pageSize)
    }
  }

  func truncate(to size: Int) {
    if size < bytes.count {
      bytes.removeLast(bytes.count - size)
    } else {
      bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
    }
  }

  func sync() {
    durable = bytes
    dirtyPages.removeAll()
  }

  func dropDirtyPages() { dirtyPages.removeAll() }

  func crash(using random: inout RandomSource) {
    if durable != bytes {
      // The size is metadata: either the old one, the new one, or, while it grew, something between.
      var size = random.chance(0.5) ? bytes.count : durable.count
      if bytes.count > durable.count, random.chance(0.5) {
        size = Int.random(in: durable.count...bytes.count, using: &random)
      }
      var result = durable
      if result.count < size { result.append(contentsOf: repeatElement(0, count: size - result.count)) }
      for page in dirtyPages.sorted() where random.chance(0.5) {
        let start = page * MemoryFileSystem.pageSize
        var end = min(start + MemoryFileSystem.pageSize, bytes.count, size)
        if random.chance(0.2) {
          end = min(end, start + MemoryFileSystem.sectorSize * Int.random(in: 1...7, using: &random))
        }
        if start < end { result.replaceSubrange(start..<end, with: bytes[start..<end]) }
      }
      bytes = Array(result.prefix(size))
    }
    durable = bytes
    dirtyPages.removeAll()
  }

  func flipBit(at position: Int, bit: Int) {
    guard position < bytes.count else { return }
    bytes[position] ^= 1 << UInt8(bit & 7)
    if position < durable.count { durable[position] ^= 1 << UInt8(bit & 7) }
  }
}

private final class MemoryHandle: StoredFile {
  private let file: MemoryFile
  private let disk: MemoryFileSystem
  private let path: String
  private let generation: Int

  init(_ file: MemoryFile, _ disk: MemoryFileSystem, _ path: String, _ generation: Int) {
    self.file = file
    self.disk = disk
    self.path = path
    self.generation = generation
  }

  var descriptor: Int32? { nil }

  func read(at position: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    try checkOpen("read")
    let count = max(0, min(buffer.count, file.bytes.count - position))
    if count > 0 {
      file.bytes.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[position..<position + count])) }
    }
    return count
  }

  func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(FileError) {
    try checkOpen("write")
    try disk.write(growth: position + bytes.count - file.bytes.count, path)
    file.write(bytes, at: position)
  }

  func size() throws(FileError) -> Int {
    try checkOpen("size")
    return file.bytes.count
  }

  func truncate(to size: Int) throws(FileError) {
    try checkOpen("truncate")
    try disk.change("truncate", path)
    file.truncate(to: size)
  }

  func sync() throws(FileError) {
    try checkOpen("sync")
    try disk.sync(path)
    if disk.failNextSync {
      disk.noteFailedSync()
      file.dropDirtyPages()
      throw FileError(.inputOutput, operation: "sync", path: path)
    }
    if !disk.ignoresSyncs { file.sync() }
  }

  private func checkOpen(_ operation: String) throws(FileError) {
    guard disk.isCurrent(generation) else { throw FileError(.inputOutput, operation: operation, path: path) }
  }
}
