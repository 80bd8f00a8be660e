/// Draws a report for a terminal: what `streamsocial top` shows. Pure; every name from outside is cleaned.
public struct TopScreen: Sendable {
  public var width: Int
  public var height: Int
  public var coloured: Bool

  public init(width: Int, height: Int, coloured: Bool) {
    self.width = width
    self.height = height
    self.coloured = coloured
  }

  /// Lines for the whole screen, at most `height` of them, none wider than `width`.
  public func lines(_ report: MonitorReport) -> [String] { [] }

  /// The same facts on one line, for logs and pipes.
  public static func line(_ report: MonitorReport) -> String { "" }
}
