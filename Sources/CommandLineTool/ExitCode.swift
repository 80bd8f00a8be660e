/// How the process ended, for scripts.
public enum ExitCode: Int32, Sendable, Error {
  case success = 0
  /// Something went wrong; the message on stderr says what.
  case failure = 1
  /// The command line was wrong.
  case usage = 2
  /// What was waited for did not happen in time.
  case timeout = 3
  /// The cluster is not healthy.
  case unhealthy = 10
  /// Something that must hold under any fault did not: data was lost, duplicated or reordered.
  case invariantViolated = 11
  /// Everything is right but slower than promised.
  case objectiveMissed = 12
}

/// An error that knows how the process that meets it ends; others end it with `failure`.
public protocol ExitCoded: Error {
  var exitCode: ExitCode { get }
}
