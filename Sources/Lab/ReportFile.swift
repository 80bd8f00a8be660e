#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Writes a run's report beside the cluster's data.
public enum ReportFile {
  public static func write(_ text: String, to path: String) throws(LabError) {
    guard let file = fopen(path, "w") else { throw LabError("\(path): \(String(cString: strerror(errno)))") }
    let bytes = Array(text.utf8)
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else { throw LabError("\(path) could not be written whole") }
  }
}
