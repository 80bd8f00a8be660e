import CommitLog

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The machine's own disk behind the `FileSystem` protocol.
///
/// Has no state of its own: one may serve all threads.
public final class PosixFileSystem: FileSystem, Sendable {
  public init() {}

  public func open(_ path: String, create: Bool) throws(FileError) -> any StoredFile {
    PosixFile(descriptor: try PosixCall.open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0)), path: path)
  }

  public func list(_ directory: String) throws(FileError) -> [String] {
    guard let stream = opendir(directory) else { throw PosixCall.error("opendir", directory) }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)) {
          String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw PosixCall.error("readdir", directory) }
    return names.sorted()
  }

  public func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  public func makeDirectory(_ path: String) throws(FileError) {
    if mkdir(path, 0o755) == 0 { return }
    let failure = PosixCall.error("mkdir", path)
    guard failure.kind == .exists, isDirectory(path) else { throw failure }
  }

  public func removeDirectory(_ path: String) throws(FileError) {
    guard rmdir(path) == 0 else { throw PosixCall.error("rmdir", path) }
  }

  public func rename(_ from: String, to: String) throws(FileError) {
    #if canImport(Glibc)
      let status = Glibc.rename(from, to)
    #else
      let status = Darwin.rename(from, to)
    #endif
    guard status == 0 else { throw PosixCall.error("rename", from) }
  }

  public func unlink(_ path: String) throws(FileError) {
    #if canImport(Glibc)
      let status = Glibc.unlink(path)
    #else
      let status = Darwin.unlink(path)
    #endif
    guard status == 0 else { throw PosixCall.error("unlink", path) }
  }

  public func syncDirectory(_ path: String) throws(FileError) {
    let descriptor = try PosixCall.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw PosixCall.error("fsync", path) }
  }

  private func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}

/// An open file, closed when released.
final class PosixFile: StoredFile {
  private let number: Int32
  private let path: String

  init(descriptor: Int32, path: String) {
    number = descriptor
    self.path = path
  }

  deinit { close(number) }

  var descriptor: Int32? { number }

  func read(at position: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var done = 0
    while done < buffer.count {
      let count = pread(number, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(position + done))
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw PosixCall.error("pread", path)
      }
      done += count
    }
    return done
  }

  func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let count = pwrite(number, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(position + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw PosixCall.error("pwrite", path)
      }
      done += count
    }
  }

  func size() throws(FileError) -> Int {
    var status = stat()
    guard fstat(number, &status) == 0 else { throw PosixCall.error("fstat", path) }
    return Int(status.st_size)
  }

  func truncate(to size: Int) throws(FileError) {
    while ftruncate(number, off_t(size)) != 0 {
      if errno != EINTR { throw PosixCall.error("ftruncate", path) }
    }
  }

  func sync() throws(FileError) {
    // Never repeated after a failure: the kernel has then marked the lost pages clean.
    #if canImport(Glibc)
      let status = fdatasync(number)
    #else
      let status = fcntl(number, F_FULLFSYNC)
    #endif
    guard status == 0 else { throw PosixCall.error("fdatasync", path) }
  }
}

/// A directory that this process alone uses: holds an exclusive lock on its `.lock` file until released or until the
/// process ends, however it ends.
public final class LockedDirectory {
  public let path: String
  private let descriptor: Int32

  /// Throws `locked` when another process has it.
  public init(_ path: String) throws(FileError) {
    self.path = path
    let file = path + "/.lock"
    let descriptor = try PosixCall.open(file, O_RDWR | O_CREAT | O_CLOEXEC)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let number = errno
      close(descriptor)
      throw number == EWOULDBLOCK
        ? FileError(.locked, operation: "flock", path: file, code: number) : PosixCall.error("flock", file, number)
    }
    // Kafka's JVM locks by fcntl: take that one as well, so that the two do not share a directory.
    var range = flock()
    range.l_type = Int16(F_WRLCK)
    range.l_whence = Int16(SEEK_SET)
    guard fcntl(descriptor, F_SETLK, &range) == 0 else {
      let number = errno
      close(descriptor)
      throw FileError(.locked, operation: "fcntl", path: file, code: number)
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}

enum PosixCall {
  static func open(_ path: String, _ flags: Int32) throws(FileError) -> Int32 {
    while true {
      #if canImport(Glibc)
        let descriptor = Glibc.open(path, flags, 0o644)
      #else
        let descriptor = Darwin.open(path, flags, 0o644)
      #endif
      if descriptor >= 0 { return descriptor }
      if errno != EINTR { throw error("open", path) }
    }
  }

  static func error(_ operation: String, _ path: String, _ number: Int32 = errno) -> FileError {
    let kind: FileError.Kind =
      switch number {
      case ENOENT, ENOTDIR: .notFound
      case EEXIST, ENOTEMPTY: .exists
      case ENOSPC, EDQUOT: .noSpace
      case EACCES, EPERM, EROFS: .permission
      default: .inputOutput
      }
    return FileError(kind, operation: operation, path: path, code: number)
  }
}
