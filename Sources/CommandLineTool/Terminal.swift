#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Where output goes. Whole strings are written with one `write` each, so lines of several writers do not mix.
public enum Terminal {
  public enum Style: String, Sendable {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
  }

  public static let outputIsTerminal = isatty(1) == 1
  public static let errorIsTerminal = isatty(2) == 1
  /// Colour only on a terminal, and not when `NO_COLOR` (no-color.org) is set or the terminal is dumb.
  public static let outputHasColour = outputIsTerminal && wantsColour

  private static var wantsColour: Bool {
    if let value = getenv("NO_COLOR"), value.pointee != 0 { return false }
    if let term = getenv("TERM"), String(cString: term) == "dumb" { return false }
    return true
  }

  public static func styled(_ text: String, _ style: Style, when coloured: Bool = outputHasColour) -> String {
    coloured ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  public static func print(_ text: String, newline: Bool = true) { write(newline ? text + "\n" : text, to: 1) }
  public static func printError(_ text: String) { write(text + "\n", to: 2) }

  /// The width of the terminal on stderr, 80 when there is none.
  public static var width: Int {
    var size = winsize()
    return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  /// Writes all of it; a reader that went away (`| head`) ends the writing quietly.
  public static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8), to: descriptor) }

  /// Writes all of the bytes; false when their reader went away.
  @discardableResult public static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        #if canImport(Darwin)
          let count = Darwin.write(descriptor, rest.baseAddress, rest.count)
        #elseif canImport(Musl)
          let count = Musl.write(descriptor, rest.baseAddress, rest.count)
        #else
          let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
        #endif
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      }
      return true
    }
  }
}

/// One line on stderr that is drawn over and over on a terminal; nothing at all elsewhere.
public struct ProgressLine: Sendable {
  private var isDrawn = false
  private let isActive: Bool

  public init(active: Bool = Terminal.errorIsTerminal) { isActive = active }

  public mutating func show(_ text: String) {
    guard isActive else { return }
    Terminal.write("\r\u{1B}[K" + String(text.prefix(max(20, Terminal.width - 1))), to: 2)
    isDrawn = true
  }

  /// Takes the line away, so that ordinary output follows cleanly.
  public mutating func clear() {
    guard isDrawn else { return }
    Terminal.write("\r\u{1B}[K", to: 2)
    isDrawn = false
  }
}
