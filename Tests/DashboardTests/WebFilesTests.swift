import Dashboard
import Foundation
import Testing

/// Every file of the page is in the binary, byte for byte: a new one must be added to Sources/CDashboardWeb.
@Test func pageInTheBinaryIsTheFolder() throws {
  let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/Dashboard/Web").standardizedFileURL
  let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }
  let embedded = Dictionary(uniqueKeysWithValues: WebFiles.assets.map { ($0.path, $0.body) })
  #expect(names.count > 10)
  #expect(Set(embedded.keys) == Set(names.map { $0 == "index.html" ? "/" : "/\($0)" }))
  for name in names {
    let content = try Data(contentsOf: folder.appending(path: name))
    let isSame = embedded[name == "index.html" ? "/" : "/\(name)"] == Array(content)
    #expect(isSame, "\(name): rebuild after a change of Sources/Dashboard/Web")
  }
}
