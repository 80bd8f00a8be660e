import CommandLineTool

/// A line of a terminal made of pieces, each with a style of its own: cut and padded by what is seen.
struct TopText: Equatable {
  struct Piece: Equatable {
    var text: String
    var style: Terminal.Style?
  }
  var pieces: [Piece] = []

  init(_ text: String = "", _ style: Terminal.Style? = nil) { add(text, style) }

  /// Cleans what it is given: nothing in it reaches the terminal as a command.
  mutating func add(_ text: String, _ style: Terminal.Style? = nil) {
    if !text.isEmpty { pieces.append(Piece(text: Phrase.clean(text), style: style)) }
  }

  /// At most `width` columns; what does not fit ends in an ellipsis.
  func rendered(width: Int, coloured: Bool) -> String {
    var left = width
    var result = ""
    let whole = pieces.reduce(0) { $0 + Self.columns($1.text) }
    for piece in pieces where left > 0 {
      var text = piece.text
      if Self.columns(text) > left || whole > width && Self.columns(text) == left { text = Self.cut(text, to: left) }
      left -= Self.columns(text)
      result += piece.style.map { Terminal.styled(text, $0, when: coloured) } ?? text
    }
    return result
  }

  /// Cut with an ellipsis, or filled with spaces, to exactly so many columns.
  static func fitted(_ text: String, to width: Int, right: Bool = false) -> String {
    let clean = Phrase.clean(text)
    let fits = columns(clean) <= width ? clean : cut(clean, to: width)
    let filling = String(repeating: " ", count: max(0, width - columns(fits)))
    return right ? filling + fits : fits + filling
  }

  static func cut(_ text: String, to width: Int) -> String {
    guard width > 0 else { return "" }
    var result = ""
    var used = 0
    for character in text {
      let size = columns(character)
      if used + size > width - 1 { break }
      result.append(character)
      used += size
    }
    return result + "…"
  }

  static func columns(_ text: String) -> Int { text.reduce(0) { $0 + columns($1) } }

  /// Two for what East Asian terminals draw wide, and for emoji; none for marks that stand on another.
  static func columns(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    if scalar.value < 0x300 { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
      0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }

  /// The words of a sentence on as many lines as it takes, at most `lines`.
  static func wrapped(_ text: String, width: Int, lines: Int) -> [String] {
    var result: [String] = []
    var line = ""
    let words = Phrase.clean(text).split(separator: " ")
    for (index, word) in words.enumerated() {
      let longer = line.isEmpty ? String(word) : line + " " + word
      if columns(longer) <= width || line.isEmpty {
        line = longer
      } else if result.count == lines - 1 {
        return result + [cut(line + " " + words[index...].joined(separator: " "), to: width)]
      } else {
        result.append(line)
        line = String(word)
      }
    }
    return line.isEmpty ? result : result + [line]
  }
}
