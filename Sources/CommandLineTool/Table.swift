/// Columns that line up: headings in capitals, numbers to the right.
public struct Table: Sendable {
  public enum Alignment: Sendable { case left, right }

  public var headings: [String]
  public var alignments: [Alignment]
  public private(set) var rows: [[String]] = []

  /// A heading that starts with `>` makes its column right-aligned.
  public init(_ headings: [String]) {
    alignments = headings.map { $0.hasPrefix(">") ? .right : .left }
    self.headings = headings.map { $0.hasPrefix(">") ? String($0.dropFirst()) : $0 }
  }

  /// Missing cells are empty, surplus ones are dropped.
  public mutating func add(_ cells: [String]) {
    rows.append((0..<headings.count).map { $0 < cells.count ? cells[$0] : "" })
  }

  /// - Parameter first: at most so many rows.
  public func rendered(first: Int = .max) -> String {
    let all = [headings] + rows.prefix(first)
    let widths = headings.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      var line = ""
      for column in row.indices {
        if column > 0 { line += "  " }
        line += Text.padded(row[column], to: widths[column], right: alignments[column] == .right)
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
