import ClusterHost
import Foundation

/// A directory of a test's own, gone with the test.
final class TemporaryDirectory {
  let path: String

  init(_ name: String = "cluster-host-tests") throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func text(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
}

/// How long anything here may take before it counts as hanging.
let patience = Duration.seconds(30)
