import CommitLog
import EventLoop

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Node {
  private static let usage = """
    Usage: streamsocial-broker --config server.properties [--override key=value]...

    Runs one node, broker and controller, in the foreground. Settings have Kafka's names.

    Example:
      streamsocial-broker --config broker-1/server.properties

    """

  /// The whole of `streamsocial-broker`. Exit codes: 0 stopped in order, 1 error, 2 usage.
  public static func main(_ arguments: [String]) {
    var file: String?
    var overrides = ""
    var rest = arguments.dropFirst()
    while let argument = rest.popFirst() {
      switch argument {
      case "--config": file = rest.popFirst()
      case "--override":
        guard let entry = rest.popFirst(), entry.contains("=") else {
          leave(2, "--override needs key=value\n\n" + usage)
        }
        overrides += entry + "\n"
      case "--help", "-h":
        print(usage, terminator: "")
        exit(0)
      default: leave(2, "unknown argument \(argument)\n\n" + usage)
      }
    }
    guard let file else { leave(2, "--config is missing\n\n" + usage) }
    BufferPool.returnFreedMemory()
    guard let text = contents(of: file) else {
      leave(1, "\(file) cannot be read: \(String(cString: strerror(errno)))\n")
    }
    do {
      let configuration = try BrokerConfiguration(parsing: text + "\n" + overrides, file: file)
      try Node(configuration).run()
    } catch let error as IOError where error.isAddressInUse {
      leave(1, "\(error); another process has the port: stop it or change listeners\n")
    } catch let error as LogError {
      if case .refused(let reason) = error { leave(1, "\(reason)\n") }
      leave(1, "the log directory cannot be used: \(error)\n")
    } catch {
      leave(1, "\(error)\n")
    }
  }

  private static func leave(_ code: Int32, _ message: String) -> Never {
    let text = "streamsocial-broker: " + message
    _ = text.withCString { write(2, $0, strlen($0)) }
    exit(code)
  }

  private static func contents(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0 { return nil }
      if count == 0 { break }
      bytes.append(contentsOf: chunk[..<count])
      if bytes.count > 16 << 20 { return nil }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
