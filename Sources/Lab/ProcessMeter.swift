import KafkaClient
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Memory and processor time of the brokers, from the kernel's books (`/proc`; nothing where there is none). A process
/// that dies keeps what it had used when it was last seen.
final class ProcessMeter: Sendable {
  private struct State {
    var cpuSeconds: [Int32: Double] = [:]
    var residentMax: Int64 = 0
  }
  private let state = Mutex(State())

  /// Looks at the processes now.
  func sample(_ processes: [Int32]) {
    let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    let page = Int64(max(1, sysconf(Int32(_SC_PAGESIZE))))
    var residentTotal: Int64 = 0
    for process in processes {
      guard let stat = Self.read("/proc/\(process)/stat"), let memory = Self.read("/proc/\(process)/statm") else {
        continue
      }
      // The command's name may hold anything; fields count from behind its closing bracket.
      guard let bracket = stat.lastIndex(of: ")") else { continue }
      let fields = stat[stat.index(after: bracket)...].split(separator: " ")
      let pages = memory.split(separator: " ")
      guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]), pages.count > 1,
        let resident = Int64(pages[1])
      else { continue }
      residentTotal &+= resident &* page
      state.withLock { $0.cpuSeconds[process] = (user + system) / ticks }
    }
    state.withLock { [residentTotal] in $0.residentMax = max($0.residentMax, residentTotal) }
  }

  /// Of all brokers together at their largest; nil when nothing could be seen.
  var residentBytesMax: Int64? { state.withLock { $0.residentMax > 0 ? $0.residentMax : nil } }
  /// Of all brokers together; nil when nothing could be seen.
  var cpuSeconds: Double? { state.withLock { $0.cpuSeconds.isEmpty ? nil : $0.cpuSeconds.values.reduce(0, +) } }

  private static func read(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }
}
