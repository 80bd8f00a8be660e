import ClusterHost
import CommandLineTool

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

@main
struct StreamSocial {
  static let version = "0.1.0"

  /// How people here start this program: the launcher says so where no search path has it (`./streamsocial`).
  static var program: String { getenv("STREAMSOCIAL_PROGRAM").map { String(cString: $0) } ?? "streamsocial" }

  static func main() async {
    let code = await Program.run(Commands.root, version: version, Array(CommandLine.arguments.dropFirst()))
    exit(code.rawValue)
  }
}
