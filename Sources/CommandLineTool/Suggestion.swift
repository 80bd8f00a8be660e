/// Did you mean …?
public enum Suggestion {
  /// The candidate that a typo most likely meant; nil when none is near (more than a third of the letters differ).
  public static func closest(to word: String, among candidates: [String]) -> String? {
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
      let distance = distance(Array(word), Array(candidate))
      if best.map({ distance < $0.distance }) ?? true { best = (distance, candidate) }
    }
    if let best, best.distance <= max(1, max(word.count, best.candidate.count) / 3) { return best.candidate }
    let completions = candidates.filter { word.count >= 2 && $0.hasPrefix(word) }
    return completions.count == 1 ? completions[0] : nil
  }

  /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment) between two words.
  static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var rows = [Array(0...b.count)]
    for (i, x) in a.enumerated() {
      var row = [i + 1]
      for (j, y) in b.enumerated() {
        var cost = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (x == y ? 0 : 1))
        if i > 0, j > 0, x == b[j - 1], a[i - 1] == y { cost = min(cost, rows[i - 1][j - 1] + 1) }
        row.append(cost)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
