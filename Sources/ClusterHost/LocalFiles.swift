#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension ClusterError {
  /// What the system said last about `subject`.
  static func system(_ subject: String, _ code: Int32 = errno) -> ClusterError {
    ClusterError(.system, "\(subject): \(String(cString: strerror(code)))")
  }
}

/// Small files of the cluster's directory: written whole, read whole.
enum LocalFiles {
  /// Makes the directory and those above it.
  static func makeDirectory(_ path: String) throws(ClusterError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += part + "/"
      if mkdir(made, 0o755) != 0, errno != EEXIST { throw .system("cannot make directory \(made)") }
    }
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw ClusterError(.environment, "\(path) is not a directory")
    }
  }

  /// The absolute path of something that exists.
  static func absolute(_ path: String) throws(ClusterError) -> String {
    guard let resolved = realpath(path, nil) else { throw .system(path) }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
  static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

  /// What a directory holds, sorted; empty when it cannot be read.
  static func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// The text of a file; nil when it cannot be read. At most its last `limit` bytes.
  static func read(_ path: String, lastBytes limit: Int = 1 << 20) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size >= 0 else { return nil }
    let start = max(0, size - limit)
    var bytes = [UInt8](repeating: 0, count: size - start)
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { raw in
        pread(descriptor, raw.baseAddress?.advanced(by: filled), raw.count - filled, off_t(start + filled))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      filled += count
    }
    return String(decoding: bytes[..<filled], as: UTF8.self)
  }

  /// Replaces a file: readers see the old text or the new one, never half of it.
  static func write(_ text: String, to path: String) throws(ClusterError) {
    let temporary = "\(path).\(getpid()).new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system("cannot write \(path)") }
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { raw in
        #if canImport(Darwin)
          Darwin.write(descriptor, raw.baseAddress?.advanced(by: written), raw.count - written)
        #elseif canImport(Musl)
          Musl.write(descriptor, raw.baseAddress?.advanced(by: written), raw.count - written)
        #else
          Glibc.write(descriptor, raw.baseAddress?.advanced(by: written), raw.count - written)
        #endif
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let code = errno
        close(descriptor)
        unlink(temporary)
        throw .system("cannot write \(path)", code)
      }
      written += count
    }
    close(descriptor)
    guard rename(temporary, path) == 0 else { throw .system("cannot write \(path)") }
  }

  /// The path of the running program itself. Looked up once: when the program is built anew while it runs, the system
  /// does not know any more where it came from, and a supervisor still has brokers to start.
  static func ownExecutable() throws(ClusterError) -> String { try own.get() }

  private static let own: Result<String, ClusterError> = {
    do throws(ClusterError) { return .success(try lookUpOwnExecutable()) } catch { return .failure(error) }
  }()

  private static func lookUpOwnExecutable() throws(ClusterError) -> String {
    #if canImport(Darwin)
      var size = UInt32(PATH_MAX)
      var buffer = [CChar](repeating: 0, count: Int(size))
      guard _NSGetExecutablePath(&buffer, &size) == 0 else { throw .system("own path") }
      return try absolute(String(cString: buffer))
    #else
      return try absolute("/proc/self/exe")
    #endif
  }
}

/// Exclusive use of a directory, given back when the owner is gone, in whatever way.
package final class DirectoryLock: Sendable {
  private let descriptor: Int32

  package init(_ directory: String) throws(ClusterError) {
    let path = "\(directory)/lock"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system("cannot write in \(directory)") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let owner = LocalFiles.read(path).map { "process \($0)" } ?? "another process"
      close(descriptor)
      throw ClusterError(
        .environment,
        "\(directory) is in use by \(owner). Stop it (streamsocial down --data-dir \(directory)), or choose another "
          + "--data-dir (and --port)")
    }
    ftruncate(descriptor, 0)
    let text = "\(getpid())"
    _ = text.withCString { pwrite(descriptor, $0, text.utf8.count, 0) }
  }

  deinit { close(descriptor) }

  /// Whether nobody holds the directory now.
  package static func isFree(_ directory: String) -> Bool {
    let descriptor = open("\(directory)/lock", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return true }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) == 0
  }
}
