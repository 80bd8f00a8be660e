import CommitLog
import Consensus
import Primitives
import Records
import Wire

/// `__cluster_metadata-0`: the quorum's log and its snapshots, as `RaftNode` needs them, over a partition's log on disk.
///
/// Every flush is an fdatasync on the control loop: the log is small, and nothing that rests on it may leave before it.
package final class MetadataLog: RaftLog {
  package let directory: String
  private let files: any FileSystem
  private let log: PartitionLog
  /// Milliseconds since 1970, for what is stored.
  private let wallClock: () -> Int64
  package private(set) var flushedOffset: Offset
  /// Complete snapshots, ascending.
  package private(set) var snapshots: [SnapshotID] = []
  /// Bytes appended since the newest snapshot was made.
  package private(set) var bytesSinceSnapshot = 0

  package init(
    directory: String, files: any FileSystem, wasCleanShutdown: Bool, wallClock: @escaping () -> Int64
  ) throws(LogError) {
    self.wallClock = wallClock
    self.directory = directory
    self.files = files
    var config = LogConfig()
    config.retentionMs = -1
    config.deletes = false
    config.segmentBytes = 64 << 20
    config.maxMessageBytes = 64 << 20
    let names = (try? files.list(directory)) ?? []
    for name in names where name.hasSuffix(".checkpoint.part") { try? files.unlink("\(directory)/\(name)") }
    snapshots = names.compactMap(MetadataLog.snapshotID(named:)).sorted()
    // The log begins at the newest snapshot: what lies below it is not needed any more, and its epochs are forgotten.
    log = try PartitionLog.open(
      directory: directory, config: config, fileSystem: files, recoveryPoint: .zero,
      logStartOffset: snapshots.last?.offset,
      wasCleanShutdown: wasCleanShutdown, now: wallClock())
    flushedOffset = .zero
    if let newest = snapshots.last, newest.offset > log.logEndOffset {
      try log.truncateFully(startingAt: newest.offset)
    }
    bytesSinceSnapshot = log.sizeInBytes
  }

  package var sizeInBytes: Int { log.sizeInBytes }
  package var segmentCount: Int { log.segmentBaseOffsets.count }
  package var startOffset: Offset { log.logStartOffset }
  package var endOffset: Offset { log.logEndOffset }
  package var startEpoch: LeaderEpoch { snapshots.last { $0.offset == startOffset }?.epoch ?? .zero }
  package var lastEpoch: LeaderEpoch {
    log.logEndOffset == log.logStartOffset ? startEpoch : log.latestEpoch ?? startEpoch
  }

  package func endOffset(for epoch: LeaderEpoch) -> OffsetAndEpoch {
    let floor = OffsetAndEpoch(offset: startOffset, epoch: startEpoch)
    guard endOffset > startOffset, let latest = log.latestEpoch else { return floor }
    if epoch >= latest { return OffsetAndEpoch(offset: endOffset, epoch: latest) }
    guard let end = log.endOffset(for: epoch), end.offset > startOffset else { return floor }
    return OffsetAndEpoch(offset: end.offset, epoch: end.epoch)
  }

  // MARK: writing

  package func append(_ batch: ArraySlice<UInt8>, epoch: LeaderEpoch) throws(RaftLogError) -> Offset {
    var bytes = Array(batch)
    let result: Result<Void, LogError> = bytes.withUnsafeMutableBytes { buffer in
      do throws(LogError) {
        _ = try log.append(buffer, leaderEpoch: epoch, now: wallClock())
        return .success(())
      } catch { return .failure(error) }
    }
    if case .failure(let error) = result { throw .storage("\(error)") }
    bytesSinceSnapshot += bytes.count
    return log.logEndOffset
  }

  package func appendLeaderChange(_ change: LeaderChange, epoch: LeaderEpoch) throws(RaftLogError) -> Offset {
    var message = LeaderChangeMessage()
    message.leaderId = change.leader.id.rawValue
    message.voters = change.voters.map { voter in
      var entry = LeaderChangeMessage.Voter()
      entry.voterId = voter.id.rawValue
      return entry
    }
    message.grantingVoters = change.grantingVoters.map { voter in
      var entry = LeaderChangeMessage.Voter()
      entry.voterId = voter.id.rawValue
      return entry
    }
    var builder = RecordBatchBuilder(isControl: true)
    builder.append(
      key: ControlRecordType.leaderChange.key, value: message.encoded(version: 0),
      timestamp: wallClock())
    return try append(Self.built(builder)[...], epoch: epoch)
  }

  package func appendFetched(_ records: ArraySlice<UInt8>, leaderEpoch: LeaderEpoch) throws(RaftLogError) {
    let outcome: Result<Void, RaftLogError> = records.withUnsafeBytes { bytes in
      do throws(RaftLogError) {
        return .success(try appendFetched(bytes, leaderEpoch: leaderEpoch))
      } catch { return .failure(error) }
    }
    try outcome.get()
    bytesSinceSnapshot += records.count
  }

  private func appendFetched(_ bytes: UnsafeRawBufferPointer, leaderEpoch: LeaderEpoch) throws(RaftLogError) {
    var batches = RecordBatchSequence(bytes)
    var expected = endOffset
    var epoch = lastEpoch
    do throws(RecordError) {
      while let (header, batch) = try batches.next() {
        try RecordBatch.verifyChecksum(batch, header: header)
        guard header.baseOffset == expected, header.leaderEpoch >= epoch, header.leaderEpoch <= leaderEpoch,
          header.nextOffset > expected
        else { throw RecordError.invalidRecordCount(header.recordCount) }
        expected = header.nextOffset
        epoch = header.leaderEpoch
      }
    } catch {
      throw .corrupt("batch at offset \(expected) does not continue the log: \(error)")
    }
    guard batches.position == bytes.count else { throw .corrupt("the last batch is cut off") }
    do throws(LogError) {
      _ = try log.appendAsFollower(bytes, now: wallClock())
    } catch {
      throw .storage("\(error)")
    }
  }

  package func truncate(to offset: Offset) throws(RaftLogError) {
    do throws(LogError) {
      try log.truncate(to: offset)
      flushedOffset = min(flushedOffset, offset)
    } catch { throw .storage("\(error)") }
  }

  package func flush() throws(RaftLogError) {
    guard flushedOffset < log.logEndOffset else { return }
    do throws(LogError) {
      try log.flush()
      flushedOffset = log.logEndOffset
    } catch { throw .storage("\(error)") }
  }

  package func close() {
    try? log.close(clean: true)
  }

  // MARK: reading

  package func read(from offset: Offset, maxBytes: Int) throws(RaftLogError) -> [UInt8] {
    do throws(LogError) {
      guard
        let slice = try log.locate(from: offset, maxBytes: maxBytes, upTo: log.logEndOffset, minOneBatch: true)
      else { return [] }
      return try Self.bytes(of: slice)
    } catch { throw .storage("\(error)") }
  }

  private static func bytes(of slice: LogSlice) throws(LogError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: slice.length)
    let result: Result<Int, FileError> = bytes.withUnsafeMutableBytes { buffer in
      do throws(FileError) { return .success(try slice.read(into: buffer)) } catch { return .failure(error) }
    }
    switch result {
    case .failure(let error): throw .file(error)
    case .success(let count): return count == bytes.count ? bytes : Array(bytes[..<count])
    }
  }

  package static func built(_ builder: RecordBatchBuilder) throws(RaftLogError) -> [UInt8] {
    do throws(RecordError) { return try builder.build() } catch { throw .storage("building a batch: \(error)") }
  }

  // MARK: snapshots

  package var latestSnapshot: SnapshotID? { snapshots.last { $0.offset.rawValue > 0 } }

  package func path(of id: SnapshotID) -> String {
    let offset = String(id.offset.rawValue)
    let epoch = String(id.epoch.rawValue)
    let name =
      String(repeating: "0", count: max(0, 20 - offset.count)) + offset + "-"
      + String(repeating: "0", count: max(0, 10 - epoch.count)) + epoch
    return "\(directory)/\(name).checkpoint"
  }

  private static func snapshotID(named name: String) -> SnapshotID? {
    guard name.hasSuffix(".checkpoint") else { return nil }
    let parts = name.dropLast(".checkpoint".count).split(separator: "-")
    guard parts.count == 2, parts[0].count == 20, let offset = Int64(parts[0]), let epoch = Int32(parts[1]) else {
      return nil
    }
    return SnapshotID(offset: Offset(offset), epoch: LeaderEpoch(epoch))
  }

  package func snapshotSize(_ id: SnapshotID) -> Int64? {
    guard snapshots.contains(id), let file = try? files.open(path(of: id), create: false) else { return nil }
    return (try? file.size()).map(Int64.init)
  }

  package func readSnapshot(_ id: SnapshotID, position: Int64, maxBytes: Int) throws(RaftLogError) -> [UInt8] {
    do throws(FileError) {
      let file = try files.open(path(of: id), create: false)
      let size = try file.size()
      guard position >= 0, position <= Int64(size) else { return [] }
      let count = min(maxBytes, size - Int(position))
      return try LogSlice.read(file, at: Int(position), count: count)
    } catch { throw .storage("\(error)") }
  }

  /// The whole content of a complete snapshot.
  package func snapshotContent(_ id: SnapshotID) throws(RaftLogError) -> [UInt8] {
    do throws(FileError) { return try files.contents(of: path(of: id), limit: 1 << 30) } catch {
      throw .storage("\(error)")
    }
  }

  package func writeSnapshot(_ id: SnapshotID, position: Int64, bytes: ArraySlice<UInt8>) throws(RaftLogError) {
    do throws(FileError) {
      let file = try files.open(path(of: id) + ".part", create: true)
      if position == 0 { try file.truncate(to: 0) }
      try LogSlice.write(Array(bytes), to: file, at: Int(position))
    } catch { throw .storage("\(error)") }
  }

  package func installSnapshot(_ id: SnapshotID) throws(RaftLogError) {
    do throws(FileError) { try freeze(id) } catch { throw .storage("\(error)") }
    do throws(LogError) {
      try log.truncateFully(startingAt: id.offset)
      try log.flush()
    } catch { throw .storage("\(error)") }
    flushedOffset = id.offset
    bytesSinceSnapshot = 0
  }

  /// Writes a snapshot of committed state.
  package func createSnapshot(_ id: SnapshotID, content: [UInt8]) throws(RaftLogError) {
    try writeSnapshot(id, position: 0, bytes: content[...])
    do throws(FileError) { try freeze(id) } catch { throw .storage("\(error)") }
    bytesSinceSnapshot = 0
  }

  /// Syncs the part file and gives it its name: from then on it counts.
  private func freeze(_ id: SnapshotID) throws(FileError) {
    let part = path(of: id) + ".part"
    try files.open(part, create: false).sync()
    try files.rename(part, to: path(of: id))
    try files.syncDirectory(directory)
    if !snapshots.contains(id) {
      snapshots.append(id)
      snapshots.sort()
    }
    // The newest two stay: a follower may be in the middle of the older one.
    while snapshots.count > 2 {
      let old = snapshots.removeFirst()
      try? files.unlink(path(of: old))
    }
  }

  package func deletePrefix(before offset: Offset) throws(RaftLogError) {
    do throws(LogError) {
      try log.advanceLogStart(to: min(offset, log.logEndOffset))
      _ = try log.deleteOldSegments(now: wallClock(), highWatermark: log.logEndOffset)
    } catch { throw .storage("\(error)") }
  }
}

extension LogSlice {
  /// Reads `count` bytes of any file; fewer only at its end.
  package static func read(_ file: any StoredFile, at position: Int, count: Int) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let result: Result<Int, FileError> = bytes.withUnsafeMutableBytes { buffer in
      do throws(FileError) { return .success(try file.read(at: position, into: buffer)) } catch {
        return .failure(error)
      }
    }
    let got = try result.get()
    return got == count ? bytes : Array(bytes[..<got])
  }

  package static func write(_ bytes: [UInt8], to file: any StoredFile, at position: Int) throws(FileError) {
    let result: Result<Void, FileError> = bytes.withUnsafeBytes { buffer in
      do throws(FileError) { return .success(try file.write(buffer, at: position)) } catch { return .failure(error) }
    }
    try result.get()
  }
}
