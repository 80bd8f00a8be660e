import Primitives

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the operating system says about this process and its disk; nil is what it does not say.
struct ProcessFigures: Sendable {
  var cpuSeconds: Double?
  var residentBytes: Int64?
  var virtualBytes: Int64?
  var openFiles: Int?
  var maxOpenFiles: Int64?
  /// What was read from and written to the storage below the page cache.
  var diskReadBytes: Int64?
  var diskWriteBytes: Int64?
  /// Since 1970.
  var startSeconds: Double?

  /// Reads them anew: a few small files of `/proc` where there is one.
  static func now() -> ProcessFigures {
    var result = ProcessFigures()
    var usage = rusage()
    #if canImport(Glibc)
      let isKnown = getrusage(RUSAGE_SELF.rawValue, &usage) == 0
    #else
      let isKnown = getrusage(RUSAGE_SELF, &usage) == 0
    #endif
    if isKnown {
      result.cpuSeconds =
        Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }
    var limit = rlimit()
    #if canImport(Glibc)
      if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
        result.maxOpenFiles = Int64(clamping: limit.rlim_cur)
      }
      let pages = text("/proc/self/statm").split(separator: " ")
      if pages.count >= 2, let all = Int64(pages[0]), let resident = Int64(pages[1]) {
        let page = Int64(sysconf(Int32(_SC_PAGESIZE)))
        result.virtualBytes = all &* page
        result.residentBytes = resident &* page
      }
      result.startSeconds = startSeconds()
      for line in text("/proc/self/io").split(separator: "\n") {
        if line.hasPrefix("read_bytes: ") { result.diskReadBytes = Int64(line.dropFirst(12)) }
        if line.hasPrefix("write_bytes: ") { result.diskWriteBytes = Int64(line.dropFirst(13)) }
      }
    #else
      if getrlimit(RLIMIT_NOFILE, &limit) == 0 { result.maxOpenFiles = Int64(clamping: limit.rlim_cur) }
    #endif
    result.openFiles = openFiles()
    return result
  }

  #if canImport(Glibc)
    /// Boot time plus the process' start after it (`/proc/self/stat`, field 22, in clock ticks).
    private static func startSeconds() -> Double? {
      let stat = text("/proc/self/stat")
      // The second field is the program's name in parentheses, which may hold anything.
      guard let close = stat.lastIndex(of: ")") else { return nil }
      let fields = stat[stat.index(after: close)...].split(separator: " ")
      guard fields.count > 19, let ticks = Double(fields[19]),
        let boot = text("/proc/stat").split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
        let since = Double(boot.dropFirst(6))
      else { return nil }
      return since + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func text(_ path: String) -> String {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return "" }
      defer { close(descriptor) }
      var bytes = [UInt8](repeating: 0, count: 16 << 10)
      var filled = 0
      while filled < bytes.count {
        let count = bytes.withUnsafeMutableBytes {
          read(descriptor, $0.baseAddress?.advanced(by: filled), $0.count - filled)
        }
        guard count > 0 else { break }
        filled += count
      }
      return String(decoding: bytes[..<filled], as: UTF8.self)
    }
  #endif

  private static func openFiles() -> Int? {
    #if canImport(Glibc)
      guard let directory = opendir("/proc/self/fd") else { return nil }
    #else
      guard let directory = opendir("/dev/fd") else { return nil }
    #endif
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    // `.`, `..` and the directory itself.
    return max(0, count - 3)
  }
}

/// A file system's space below a directory.
struct DiskFigures: Sendable {
  var totalBytes: Int64
  /// What this process may still write.
  var freeBytes: Int64

  /// Nil when the directory cannot be asked.
  init?(of directory: String) {
    var status = statvfs()
    guard statvfs(directory, &status) == 0 else { return nil }
    let block = Int64(clamping: status.f_frsize)
    totalBytes = Int64(clamping: status.f_blocks).multipliedReportingOverflow(by: block).partialValue
    freeBytes = Int64(clamping: status.f_bavail).multipliedReportingOverflow(by: block).partialValue
  }
}
