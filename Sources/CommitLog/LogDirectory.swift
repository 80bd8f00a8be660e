import Primitives

/// A node's log directory: who it belongs to, what is durable in it, and the partitions' folders.
///
/// The exclusive lock on `.lock` is `PosixFiles.LockedDirectory`'s, to be taken first.
public final class LogDirectory {
  /// `meta.properties`, version 1.
  public struct Properties: Equatable, Sendable {
    public var clusterID: String
    public var nodeID: BrokerID
    public var directoryID: UUID128

    public init(clusterID: String, nodeID: BrokerID, directoryID: UUID128) {
      self.clusterID = clusterID
      self.nodeID = nodeID
      self.directoryID = directoryID
    }
  }

  /// The checkpoint files: an offset a partition.
  public enum Checkpoint: String, Sendable, CaseIterable {
    case recoveryPoint = "recovery-point-offset-checkpoint"
    case logStart = "log-start-offset-checkpoint"
    /// High watermarks.
    case replication = "replication-offset-checkpoint"
    case cleaner = "cleaner-offset-checkpoint"
  }

  /// A folder of a partition.
  public struct PartitionFolder: Equatable, Sendable {
    public enum State: Equatable, Sendable {
      case live
      /// `-delete`: renamed for removal.
      case deleted
      /// `-future` or `-stray`: left alone.
      case other
    }
    public var name: String
    public var partition: TopicPartition
    public var state: State
    /// From `partition.metadata`; nil when the file is missing.
    public var topicID: TopicID?
  }

  public let path: String
  private let fileSystem: any FileSystem

  public init(path: String, fileSystem: any FileSystem) {
    self.path = path
    self.fileSystem = fileSystem
  }

  // MARK: Identity

  /// Reads `meta.properties`; nil when the directory was never formatted.
  public func properties() throws(LogError) -> Properties? {
    guard let text = try text("meta.properties") else { return nil }
    var values: [Substring: Substring] = [:]
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      guard let equals = line.firstIndex(of: "=") else { continue }
      values[line[..<equals]] = line[line.index(after: equals)...]
    }
    func malformed(_ reason: String) -> LogError { .malformedFile(path: path + "/meta.properties", reason: reason) }
    guard values["version"] == "1" else { throw malformed("version is not 1") }
    guard let cluster = values["cluster.id"], !cluster.isEmpty else { throw malformed("cluster.id is missing") }
    guard let node = values["node.id"].flatMap({ Int32($0) }) else { throw malformed("node.id is missing") }
    guard let directory = values["directory.id"].flatMap({ UUID128(String($0)) }) else {
      throw malformed("directory.id is missing")
    }
    return Properties(clusterID: String(cluster), nodeID: BrokerID(node), directoryID: directory)
  }

  /// Formats the directory, or checks that it belongs to this cluster and node.
  ///
  /// - Parameter newDirectoryID: used when the directory is new.
  /// - Throws: ``LogError/refused(_:)`` with a sentence for the operator when it is another's.
  public func open(
    clusterID: String, nodeID: BrokerID, newDirectoryID: UUID128
  ) throws(LogError) -> Properties {
    let folder = path
    if !fileSystem.exists(folder) { try io { () throws(FileError) in try fileSystem.makeDirectory(folder) } }
    guard let found = try properties() else {
      let made = Properties(clusterID: clusterID, nodeID: nodeID, directoryID: newDirectoryID)
      try write(
        "meta.properties", "#\nnode.id=\(nodeID)\ndirectory.id=\(newDirectoryID)\nversion=1\ncluster.id=\(clusterID)\n")
      return made
    }
    guard found.clusterID == clusterID else {
      throw .refused("\(path) belongs to cluster \(found.clusterID), not to \(clusterID)")
    }
    guard found.nodeID == nodeID else {
      throw .refused("\(path) belongs to node \(found.nodeID), not to node \(nodeID)")
    }
    return found
  }

  // MARK: Clean shutdown

  /// Reads and removes `.kafka_cleanshutdown`: the broker epoch of a stop in order; nil after an unclean one.
  ///
  /// Removed durably before anything is appended, so that a later crash is not taken for a stop in order.
  public func takeCleanShutdown() throws(LogError) -> BrokerEpoch? {
    let name = ".kafka_cleanshutdown"
    guard let text = try text(name) else { return nil }
    let file = path + "/" + name
    let folder = path
    try io { () throws(FileError) in
      try fileSystem.unlink(file)
      try fileSystem.syncDirectory(folder)
    }
    guard let field = text.range(after: "\"brokerEpoch\":") else { return BrokerEpoch.none }
    let digits = text[field...].drop { $0 == " " }.prefix { $0 == "-" || $0.isNumber }
    return BrokerEpoch(Int64(digits) ?? -1)
  }

  /// The last act of a stop in order, after every log was closed clean.
  public func markCleanShutdown(brokerEpoch: BrokerEpoch) throws(LogError) {
    try write(".kafka_cleanshutdown", "{\"version\":0,\"brokerEpoch\":\(brokerEpoch)}")
  }

  // MARK: Checkpoints

  /// An empty result when the file is missing.
  ///
  /// - Throws: ``LogError/malformedFile(path:reason:)``.
  public func read(_ checkpoint: Checkpoint) throws(LogError) -> [TopicPartition: Offset] {
    guard let text = try text(checkpoint.rawValue) else { return [:] }
    let file = path + "/" + checkpoint.rawValue
    guard let rows = CheckpointText.rows(text, columns: 3) else {
      throw .malformedFile(path: file, reason: "not a checkpoint")
    }
    var offsets: [TopicPartition: Offset] = [:]
    for row in rows {
      guard let partition = Int32(row[1]), let offset = Int64(row[2]), partition >= 0, offset >= 0 else {
        throw .malformedFile(path: file, reason: "bad row \(row.joined(separator: " "))")
      }
      offsets[TopicPartition(String(row[0]), PartitionID(partition))] = Offset(offset)
    }
    return offsets
  }

  /// Replaces the checkpoint as a whole; durably, unless it only saves work.
  public func write(
    _ checkpoint: Checkpoint, _ offsets: [TopicPartition: Offset], durable: Bool = true
  ) throws(LogError) {
    var text = "0\n\(offsets.count)\n"
    for (partition, offset) in offsets.sorted(by: { $0.key < $1.key }) {
      text += "\(partition.topic) \(partition.partition) \(offset)\n"
    }
    try write(checkpoint.rawValue, text, durable: durable)
  }

  // MARK: Partitions

  /// The folders of partitions, sorted by name; others are passed over.
  public func partitions() throws(LogError) -> [PartitionFolder] {
    let folder = path
    var folders: [PartitionFolder] = []
    for name in try io({ () throws(FileError) in try fileSystem.list(folder) }) {
      guard let (partition, state) = Self.parse(name) else { continue }
      let file = name + "/partition.metadata"
      guard fileSystem.exists(path + "/" + file) || hasLog(name) else { continue }
      folders.append(
        PartitionFolder(name: name, partition: partition, state: state, topicID: try topicID(file)))
    }
    return folders
  }

  /// Where the partition's log lies.
  public func folder(of partition: TopicPartition) -> String { path + "/" + partition.description }

  /// Makes the partition's folder with its `partition.metadata`.
  ///
  /// - Parameter durable: syncs both before it returns. Without, a loss of power may take the folder; a replica that
  ///   ended so is out of every ISR until it has caught up, so nothing acknowledged rests on it.
  public func createFolder(
    of partition: TopicPartition, topicID: TopicID, durable: Bool = true
  ) throws(LogError) {
    let folder = folder(of: partition)
    let parent = path
    try io { () throws(FileError) in
      try fileSystem.makeDirectory(folder)
      let metadata = folder + "/partition.metadata"
      let text = Array("version: 0\ntopic_id: \(topicID)".utf8)
      if durable || fileSystem.exists(metadata) {
        try fileSystem.replace(metadata, with: text, durable: durable)
      } else {
        // A crash may leave it empty, which reads as missing: half as many steps for a topic of a thousand partitions.
        try fileSystem.open(metadata, create: true).write(bytes: text, at: 0)
      }
      if durable { try fileSystem.syncDirectory(parent) }
    }
  }

  /// Renames the folder of a partition whose topic was deleted: `TOPIC-N.UNIQUE-delete`. Returns its new name.
  ///
  /// - Parameters:
  ///   - unique: makes the name one of its own, so that a topic may come and go again.
  ///   - durable: syncs the directory before it returns.
  public func markDeleted(
    _ partition: TopicPartition, unique: UUID128, durable: Bool = true
  ) throws(LogError) -> String {
    let digits = [unique.high, unique.low].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }
    // A folder's name has at most 255 bytes; Kafka cuts the topic's name as well.
    let suffix = "-\(partition.partition).\(digits.joined())-delete"
    let name = String(partition.topic.prefix(255 - suffix.utf8.count)) + suffix
    let from = folder(of: partition)
    let parent = path
    try io { () throws(FileError) in
      try fileSystem.rename(from, to: parent + "/" + name)
      if durable { try fileSystem.syncDirectory(parent) }
    }
    return name
  }

  /// Removes a folder with all its files.
  public func removeFolder(named name: String) throws(LogError) {
    let folder = path + "/" + name
    try io { () throws(FileError) in
      for file in try fileSystem.list(folder) { try fileSystem.unlink(folder + "/" + file) }
      try fileSystem.removeDirectory(folder)
    }
  }

  private static func parse(_ name: String) -> (TopicPartition, PartitionFolder.State)? {
    var stem = Substring(name)
    var state = PartitionFolder.State.live
    for (suffix, meaning) in [("-delete", PartitionFolder.State.deleted), ("-future", .other), ("-stray", .other)]
    where name.hasSuffix(suffix) {
      guard let dot = name.lastIndex(of: ".") else { break }
      stem = name[..<dot]
      state = meaning
    }
    guard let dash = stem.lastIndex(of: "-"), let partition = Int32(stem[stem.index(after: dash)...]), partition >= 0,
      dash > stem.startIndex
    else { return nil }
    return (TopicPartition(String(stem[..<dash]), PartitionID(partition)), state)
  }

  private func hasLog(_ name: String) -> Bool {
    do { return try fileSystem.list(path + "/" + name).contains { $0.hasSuffix(".log") } } catch { return false }
  }

  private func topicID(_ file: String) throws(LogError) -> TopicID? {
    guard let text = try text(file), !text.isEmpty else { return nil }
    for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("topic_id: ") {
      if let id = TopicID(String(line.dropFirst(10))) { return id }
    }
    throw .malformedFile(path: path + "/" + file, reason: "no topic_id")
  }

  private func text(_ name: String) throws(LogError) -> String? {
    let file = path + "/" + name
    do {
      return String(decoding: try fileSystem.contents(of: file), as: UTF8.self)
    } catch {
      if error.kind == .notFound { return nil }
      throw .file(error)
    }
  }

  private func write(_ name: String, _ text: String, durable: Bool = true) throws(LogError) {
    let file = path + "/" + name
    try io { () throws(FileError) in try fileSystem.replace(file, with: Array(text.utf8), durable: durable) }
  }
}

extension String {
  /// Where the text after the first `pattern` begins.
  fileprivate func range(after pattern: String) -> Index? {
    var rest = Substring(self)
    while !rest.isEmpty {
      if rest.hasPrefix(pattern) { return rest.index(rest.startIndex, offsetBy: pattern.count) }
      rest = rest.dropFirst()
    }
    return nil
  }
}
