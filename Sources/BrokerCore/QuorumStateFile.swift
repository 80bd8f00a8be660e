import CommitLog
import Consensus
import Primitives

/// `quorum-state` is there and cannot be read.
package struct QuorumStateError: Error, CustomStringConvertible, Sendable {
  package let description: String
  init(_ description: String) { self.description = description }
}

/// `quorum-state`: the epoch and the vote of this node, in Kafka's JSON (`QuorumStateData` version 0, static voters).
///
/// It cannot be rebuilt from anything, so a node whose file is there but unreadable refuses to start: a vote forgotten is
/// a vote given twice.
package struct QuorumStateFile {
  let path: String
  let files: any FileSystem
  let voters: [BrokerID]

  package init(path: String, files: any FileSystem, voters: [BrokerID]) {
    self.path = path
    self.files = files
    self.voters = voters
  }

  /// The stored state; nil when there is no file yet.
  package func read() throws(QuorumStateError) -> QuorumState? {
    guard files.exists(path) else { return nil }
    guard let bytes = try? files.contents(of: path, limit: 1 << 20) else {
      throw QuorumStateError("\(path) cannot be read; restore it, or remove the node's whole directory")
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let epoch = Self.number("leaderEpoch", in: text).flatMap({ Int32(exactly: $0) }), epoch >= 0,
      let leader = Self.number("leaderId", in: text).flatMap({ Int32(exactly: $0) }),
      let voted = Self.number("votedId", in: text).flatMap({ Int32(exactly: $0) })
    else {
      throw QuorumStateError(
        "\(path) is damaged; restore it, or remove the node's whole directory so that it starts anew")
    }
    return QuorumState(
      epoch: LeaderEpoch(epoch), leaderID: leader >= 0 ? BrokerID(leader) : nil,
      votedFor: voted >= 0 ? ReplicaKey(id: BrokerID(voted)) : nil)
  }

  /// Durable before it returns.
  package func write(_ state: QuorumState) throws(FileError) {
    let names = voters.map { "{\"voterId\":\($0)}" }.joined(separator: ",")
    let text =
      "{\"clusterId\":\"\",\"leaderId\":\(state.leaderID?.rawValue ?? -1),\"leaderEpoch\":\(state.epoch),"
      + "\"votedId\":\(state.votedFor?.id.rawValue ?? -1),\"appliedOffset\":0,\"currentVoters\":[\(names)],"
      + "\"data_version\":0}"
    try files.replace(path, with: Array(text.utf8), durable: true)
  }

  private static func number(_ key: String, in text: String) -> Int64? {
    guard let found = text.firstRange(of: "\"\(key)\":") else { return nil }
    let digits = text[found.upperBound...].drop { $0 == " " }.prefix { $0 == "-" || $0.isNumber }
    return Int64(digits)
  }
}
