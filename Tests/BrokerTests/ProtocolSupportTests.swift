import Broker
import Foundation
import Testing
import Wire

/// The table of `docs/protocol-support.md`: one row an API, without the column of remarks.
private struct SupportTable {
  var rows: [String] = []

  /// What the code serves.
  init(client: ServedApis, controller: ServedApis) {
    func versions(_ apis: ServedApis, _ api: ApiKey) -> String {
      guard let range = apis.versions[api] else { return "–" }
      return range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)–\(range.upperBound)"
    }
    for api in ApiKey.allCases.sorted(by: { $0.rawValue < $1.rawValue }) {
      guard client.versions[api] != nil || controller.versions[api] != nil else { continue }
      rows.append("| \(api.rawValue) | \(api.name) | \(versions(client, api)) | \(versions(controller, api)) |")
    }
  }

  /// What a page says: the lines whose first cell is a number.
  init(page: String) {
    for line in page.split(separator: "\n") where line.hasPrefix("| ") {
      let cells = line.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
      guard cells.count >= 4, Int16(cells[0]) != nil else { continue }
      rows.append("| " + cells[..<4].joined(separator: " | ") + " |")
    }
  }
}

private let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent("docs/protocol-support.md")

/// Goal: the page never lies about versions. Method: its rows are those that the two listeners announce and enforce.
@Test func protocolSupportPageSaysWhatIsServed() throws {
  let written = SupportTable(page: try String(contentsOf: page, encoding: .utf8)).rows
  let served = SupportTable(client: .client, controller: .controller).rows
  #expect(
    written == served,
    "docs/protocol-support.md and the code differ; the code's table is:\n\(served.joined(separator: "\n"))")
}
