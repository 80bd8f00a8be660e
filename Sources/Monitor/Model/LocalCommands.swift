/// How the commands of this program are typed where the monitor runs: what stands before and after their words.
public struct LocalCommands: Sendable, Equatable {
  /// What starts this program: `streamsocial`, or the path of a copy that no search path has.
  public var program: String
  /// Names the cluster whose processes run on this machine, as in ` --data-dir DIR`; empty: the one that is meant anyway.
  public var location: String

  /// - Parameter dataDirectory: nil: the default one, which needs no naming.
  public init(program: String = "streamsocial", dataDirectory: String? = nil) {
    self.program = Phrase.word(program)
    location = dataDirectory.map { " --data-dir \(Phrase.word($0))" } ?? ""
  }

  /// A command that acts on the processes of this machine's cluster.
  func here(_ words: String) -> String { "\(program) \(words)\(location)" }

  /// A command that asks the brokers of a cluster, wherever they run.
  func asking(_ servers: String, _ words: String) -> String {
    "\(program) \(words) --bootstrap-servers \(Phrase.word(servers))"
  }
}
