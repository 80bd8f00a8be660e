import CommandLineTool
import KafkaClient
import Monitor
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The terminal while `top` has it: its other screen, no cursor, keys one by one; given back as it was.
final class TopTerminal: Sendable {
  private let state = Mutex(State())

  private struct State {
    var saved: termios?
    var isOpen = false
    var report: MonitorReport?
    var size: (width: Int, height: Int) = (0, 0)
  }

  /// Takes the terminal. `onQuit` is called for `q`; size changes draw anew within a quarter of a second.
  func open(onQuit: @escaping @Sendable () -> Void) {
    state.withLock { state in
      var modes = termios()
      if isatty(0) == 1, tcgetattr(0, &modes) == 0 {
        state.saved = modes
        modes.c_lflag &= ~tcflag_t(ICANON | ECHO)
        // Ctrl-Z would leave the terminal as it is now.
        withUnsafeMutableBytes(of: &modes.c_cc) { $0[Int(VSUSP)] = 0 }
        tcsetattr(0, TCSANOW, &modes)
      }
      state.isOpen = true
    }
    Terminal.write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J", to: 1)
    WorkerThread.start { [weak self] in
      while self?.watch(onQuit) == true {}
    }
  }

  func close() {
    state.withLock { state in
      guard state.isOpen else { return }
      state.isOpen = false
      Terminal.write("\u{1B}[?25h\u{1B}[?1049l", to: 1)
      if var saved = state.saved { tcsetattr(0, TCSANOW, &saved) }
    }
  }

  /// Draws a report; nil: the latest again, for a new size, or that there is none yet.
  func draw(_ report: MonitorReport?) {
    state.withLock { state in
      guard state.isOpen else { return }
      if let report { state.report = report }
      let size = Self.size
      state.size = size
      var lines = ["connecting…"]
      if let report = state.report {
        let screen = TopScreen(width: size.width, height: size.height - 1, coloured: Terminal.outputHasColour)
        lines = screen.lines(report, now: WallClock.milliseconds)
      }
      let help = "q quits"
      let text = lines.map { $0 + "\u{1B}[K\r\n" }.joined()
      Terminal.write("\u{1B}[H" + text + "\u{1B}[J" + help, to: 1)
    }
  }

  /// Waits a moment for a key. False once the terminal was given back.
  private func watch(_ onQuit: () -> Void) -> Bool {
    var entry = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
    let hasKeys = state.withLock { $0.saved != nil }
    let ready = poll(&entry, hasKeys ? 1 : 0, 250)
    if ready > 0 {
      var key: UInt8 = 0
      // An end of input means that the terminal is gone.
      guard read(0, &key, 1) == 1 else {
        onQuit()
        return false
      }
      if key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") { onQuit() }
    }
    let (isOpen, drawn, age) = state.withLock {
      ($0.isOpen, $0.size, $0.report.map { WallClock.milliseconds - $0.model.at })
    }
    guard isOpen else { return false }
    if drawn != Self.size || (age ?? 0) > 3_000 { draw(nil) }
    return true
  }

  private static var size: (width: Int, height: Int) {
    var size = winsize()
    guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }
}
