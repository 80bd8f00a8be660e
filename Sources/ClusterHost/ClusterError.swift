import CommandLineTool

/// Why a cluster could not do what was asked. The text is for people: it names the thing and says what to do.
public struct ClusterError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// Asked for something that this engine cannot do, or in the wrong state.
    case notPossible
    /// A running supervisor was asked, and said no.
    case refused
    /// Missing program, taken port, directory of somebody else: the user can mend it.
    case environment
    /// Did not happen in the time allowed.
    case timeout
    /// A system call failed.
    case system
  }
  public var kind: Kind
  public var description: String

  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}

extension ClusterError: ExitCoded {
  public var exitCode: ExitCode { kind == .timeout ? .timeout : .failure }
}
