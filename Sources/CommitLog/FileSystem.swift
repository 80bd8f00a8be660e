/// A file operation that failed.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Kind: Sendable {
    case notFound
    case exists
    /// The disk or the quota is full.
    case noSpace
    case permission
    /// A lock is held by another process.
    case locked
    /// The device's own fault: never retried, the directory goes offline (reliability: fsync is not tried twice).
    case inputOutput
  }

  public var kind: Kind
  /// The operation, for example `fdatasync`.
  public var operation: String
  public var path: String
  /// The system's number of the error; 0 when there is none.
  public var code: Int32

  public init(_ kind: Kind, operation: String, path: String, code: Int32 = 0) {
    self.kind = kind
    self.operation = operation
    self.path = path
    self.code = code
  }

  public var description: String { "\(operation) of \(path) failed: \(kind), error number \(code)" }
}

/// The few operations of a disk that the log needs; paths are given with `/`, absolute or relative to the process.
///
/// All calls are synchronous. `PosixFiles` has the real one, ``MemoryFileSystem`` the one of simulators and crash
/// tests.
public protocol FileSystem: AnyObject {
  /// Opens a file for reading and writing; creates it when `create` is true, otherwise throws `notFound`.
  func open(_ path: String, create: Bool) throws(FileError) -> any StoredFile
  /// Names (not paths) in a directory, sorted.
  func list(_ directory: String) throws(FileError) -> [String]
  func exists(_ path: String) -> Bool
  /// Makes a directory; one that exists is fine.
  func makeDirectory(_ path: String) throws(FileError)
  /// Removes an empty directory.
  func removeDirectory(_ path: String) throws(FileError)
  /// Renames a file or a directory, replacing a file that exists.
  func rename(_ from: String, to: String) throws(FileError)
  func unlink(_ path: String) throws(FileError)
  /// Makes creations, renames and removals in a directory durable.
  func syncDirectory(_ path: String) throws(FileError)
}

/// An open file. Closed when released.
public protocol StoredFile: AnyObject {
  /// Reads up to `buffer.count` bytes at `position`; fewer only at the file's end.
  func read(at position: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int
  /// Writes all bytes at `position` into the page cache, extending the file if need be.
  func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(FileError)
  func size() throws(FileError) -> Int
  func truncate(to size: Int) throws(FileError)
  /// Makes the file's bytes and size durable (fdatasync). After a failure nothing since the last success is sure.
  func sync() throws(FileError)
  /// The descriptor, for a shell that syncs or sends off the owner's thread; nil for a file without one.
  var descriptor: Int32? { get }
}

extension FileSystem {
  /// All bytes of a file; refuses more than `limit`.
  public func contents(of path: String, limit: Int = 64 << 20) throws(FileError) -> [UInt8] {
    let file = try open(path, create: false)
    let size = try file.size()
    guard size <= limit else { throw FileError(.inputOutput, operation: "read (file too large)", path: path) }
    var bytes = [UInt8](repeating: 0, count: size)
    var failure: FileError?
    let count = bytes.withUnsafeMutableBytes { buffer in
      do throws(FileError) { return try file.read(at: 0, into: buffer) } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    return count == size ? bytes : Array(bytes[..<count])
  }

  /// Replaces a file as a whole: writes `path.tmp`, then renames it.
  ///
  /// - Parameter durable: syncs the file before and the directory after the rename, so that after a crash there is the
  ///   old file or the new one, never half of one.
  public func replace(_ path: String, with bytes: [UInt8], durable: Bool) throws(FileError) {
    let temporary = path + ".tmp"
    let file = try open(temporary, create: true)
    try file.truncate(to: 0)
    try file.write(bytes: bytes, at: 0)
    if durable { try file.sync() }
    try rename(temporary, to: path)
    if durable { try syncDirectory(parent(of: path)) }
  }

  func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

extension StoredFile {
  func write(bytes: [UInt8], at position: Int) throws(FileError) {
    var failure: FileError?
    bytes.withUnsafeBytes { buffer in
      do throws(FileError) { try write(buffer, at: position) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
