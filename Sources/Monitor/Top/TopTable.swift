import CommandLineTool

/// A table for a terminal of a certain width: the first column gives way when it is narrow, then the last ones go.
struct TopTable {
  private let headings: [(text: String, right: Bool)]
  private var rows: [(cells: [String], style: Terminal.Style?)] = []
  /// The first column keeps this much before other columns go.
  private static let nameWidthMin = 8

  /// A heading that starts with `>` makes its column right-aligned.
  init(_ headings: [String]) {
    self.headings = headings.map { $0.hasPrefix(">") ? (String($0.dropFirst()), true) : ($0, false) }
  }

  mutating func add(_ cells: [String], _ style: Terminal.Style?) { rows.append((cells.map(Phrase.clean), style)) }

  func lines(width: Int) -> [TopText] {
    var widths = headings.indices.map { column in
      ([headings[column].text] + rows.map { $0.cells[column] }).map { min(40, TopText.columns($0)) }.max() ?? 0
    }
    func total() -> Int { widths.reduce(0, +) + 2 * (widths.count - 1) }
    if total() > width { widths[0] = max(min(widths[0], Self.nameWidthMin), widths[0] - (total() - width)) }
    while total() > width, widths.count > 2 { widths.removeLast() }
    let heading = line(headings.map(\.text), widths)
    return [TopText(heading, .dim)] + rows.map { TopText(line($0.cells, widths), $0.style) }
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var line = widths.indices.map { TopText.fitted(cells[$0], to: widths[$0], right: headings[$0].right) }
      .joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line
  }
}
