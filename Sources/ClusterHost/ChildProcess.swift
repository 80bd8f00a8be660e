import KafkaClient
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  @preconcurrency import Glibc
#endif

/// A process that we started: its end is noticed at once, and signals never reach a stranger with the same id.
public final class ChildProcess: Sendable {
  /// How a process ended.
  public enum Exit: Sendable, Equatable, CustomStringConvertible {
    case code(Int32)
    case signal(Int32)

    public var description: String {
      switch self {
      case .code(let code): "exit code \(code)"
      case .signal(let signal): "signal \(signal)"
      }
    }
  }

  /// What to start.
  public struct Command: Sendable {
    public var executable: String
    public var arguments: [String]
    /// Added to our own environment.
    public var environment: [(name: String, value: String)]
    /// Standard output and error are appended to this file.
    public var outputFile: String
    /// Whether standard input is a pipe from us; it closes when we end, in whatever way. Otherwise `/dev/null`.
    public var hasInputPipe: Bool
    /// A session of its own: no terminal, no signals from it.
    public var isDetached: Bool

    public init(
      _ executable: String, _ arguments: [String], environment: [(name: String, value: String)] = [],
      outputFile: String, hasInputPipe: Bool = false, isDetached: Bool = false
    ) {
      self.executable = executable
      self.arguments = arguments
      self.environment = environment
      self.outputFile = outputFile
      self.hasInputPipe = hasInputPipe
      self.isDetached = isDetached
    }
  }

  /// Between making a pipe and marking it to be closed in children no other child may start: it would inherit our
  /// end and keep the pipe open after us.
  private static let oneAtATime = Mutex<Void>(())

  public let processID: Int32
  private let state: Mutex<State>

  private struct State {
    var exit: Exit?
    /// Our end of the child's standard input; −1 when there is none.
    var input: Int32
  }

  /// Starts a process. `onExit` is called once, on a thread of its own, after it has ended.
  public init(_ command: Command, onExit: @escaping @Sendable (Exit) -> Void = { _ in }) throws(ClusterError) {
    let spawned: Result<(Int32, Int32), ClusterError> = Self.oneAtATime.withLock { _ in
      do throws(ClusterError) { return .success(try Self.spawn(command)) } catch { return .failure(error) }
    }
    let (processID, input) = try spawned.get()
    self.processID = processID
    state = Mutex(State(exit: nil, input: input))
    WorkerThread.start { [self] in onExit(waitForEnd()) }
  }

  /// How it ended; nil while it runs.
  public var exit: Exit? { state.withLock { $0.exit } }

  /// Stands still by a signal (SIGSTOP), whoever sent it.
  public var isStopped: Bool {
    state.withLock { state in
      guard state.exit == nil else { return false }
      var info = siginfo_t()
      // Left waitable, so that it is told as long as it holds.
      return waitid(P_PID, id_t(processID), &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_signo == SIGCHLD
    }
  }

  /// Sends a signal; false when the process has ended already.
  @discardableResult public func send(_ signal: Int32) -> Bool {
    state.withLock { $0.exit == nil && kill(processID, signal) == 0 }
  }

  /// Closes its standard input, as our end would: what reads it learns that nobody is there any more.
  public func closeInput() {
    state.withLock { state in
      if state.input >= 0 { close(state.input) }
      state.input = -1
    }
  }

  /// Waits without reaping first, so that the id stays ours until `exit` says that it is gone.
  private func waitForEnd() -> Exit {
    var info = siginfo_t()
    while waitid(P_PID, id_t(processID), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
    return state.withLock { state in
      var status: Int32 = 0
      while waitpid(processID, &status, 0) < 0 && errno == EINTR {}
      let exit: Exit = status & 0x7f == 0 ? .code(status >> 8 & 0xff) : .signal(status & 0x7f)
      state.exit = exit
      if state.input >= 0 { close(state.input) }
      state.input = -1
      return exit
    }
  }

  private static func spawn(_ command: Command) throws(ClusterError) -> (processID: Int32, input: Int32) {
    var input: [Int32] = [-1, -1]
    if command.hasInputPipe {
      guard pipe(&input) == 0 else { throw .system("pipe") }
      for descriptor in input { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }
    defer { if input[0] >= 0 { close(input[0]) } }

    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if command.hasInputPipe {
      posix_spawn_file_actions_adddup2(&actions, input[0], 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_addopen(&actions, 1, command.outputFile, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)

    // Neither our blocked signals nor the terminal's Ctrl-C concern the child: its supervisor tells it when to end.
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    sigdelset(&all, SIGKILL)
    sigdelset(&all, SIGSTOP)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    var flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
    flags |= command.isDetached ? setSession : Int32(POSIX_SPAWN_SETPGROUP)
    posix_spawnattr_setflags(&attributes, Int16(flags))

    let arguments = ([command.executable] + command.arguments).map { strdup($0) }
    let environment = Self.environment(adding: command.environment).map { strdup($0) }
    defer { for text in arguments + environment { free(text) } }
    var processID: pid_t = 0
    let failure = posix_spawn(
      &processID, command.executable, &actions, &attributes, arguments + [nil], environment + [nil])
    guard failure == 0 else {
      if input[1] >= 0 { close(input[1]) }
      throw ClusterError(.environment, "cannot start \(command.executable): \(String(cString: strerror(failure)))")
    }
    return (processID, input[1])
  }

  /// `POSIX_SPAWN_SETSID`, which the C library declares for some feature sets only.
  #if canImport(Darwin)
    private static let setSession: Int32 = 0x400
  #else
    private static let setSession: Int32 = 0x80
  #endif

  private static func environment(adding additions: [(name: String, value: String)]) -> [String] {
    var result: [String] = []
    var entry = environ
    while let text = entry.pointee {
      let variable = String(cString: text)
      if !additions.contains(where: { variable.hasPrefix("\($0.name)=") }) { result.append(variable) }
      entry += 1
    }
    return result + additions.map { "\($0.name)=\($0.value)" }
  }
}
