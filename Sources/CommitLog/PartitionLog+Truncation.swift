import Primitives
import Records

extension PartitionLog {
  /// Drops everything from `offset` on. A batch that contains `offset` goes as a whole; look at ``logEndOffset`` after.
  ///
  /// When the recovery point goes back, the caller writes its checkpoint before the next append: otherwise an unclean
  /// stop would take what was cut for something that had been durable.
  public func truncate(to offset: Offset) throws(LogError) {
    try checkUsable()
    guard offset < logEndOffset else {
      // An epoch that began at the end and got no record goes too, though no byte does (KAFKA-10706): the leader that
      // asked for the cut does not know it, and would ask for ever.
      if epochs.truncate(to: logEndOffset) { try writeEpochs(durable: false) }
      return
    }
    guard offset > segments[0].baseOffset else { return try truncateFully(startingAt: offset) }
    truncations += 1
    try afterFailureStop { () throws(LogError) in
      while segments.count > 1, active.baseOffset >= offset { try segments.removeLast().delete() }
      let segment = active
      var end = offset
      if let (header, position) = try segment.find(offset) {
        end = min(offset, header.baseOffset)
        try segment.truncate(at: position, offset: end)
      }
      try segment.truncateTransactions(to: end)
      logEndOffset = end
      isDirectoryDirty = true
      isDirty = true
      recent.removeAll()
      logStartOffset = min(logStartOffset, end)
      recoveryPoint = min(recoveryPoint, end)
      unflushedCut = min(unflushedCut ?? end, end)
      cleanedUpTo = min(cleanedUpTo, end)
      try segment.prepareForAppending()
      if epochs.truncate(to: end) { try writeEpochs(durable: false) }
      // The time of the last expiry is not known here; silent producers go at the next one.
      try loadProducers(now: nil, trustedUpTo: end, rebuilding: [])
      try beginAnew(behind: segment, at: end)
    }
  }

  /// What comes goes to a new file: written over what was cut, it could come back from a loss of power mixed with that,
  /// each batch sound and the whole never true. At once, for whoever opens the log after a crash knows of no cut.
  private func beginAnew(behind cut: LogSegment, at end: Offset) throws(LogError) {
    guard cut.size == 0, cut.baseOffset == end else { return try roll(at: end, now: cut.created) }
    try segments.removeLast().delete()
    segments.append(
      try LogSegment(baseOffset: end, directory: directory, fileSystem: fileSystem, create: true, now: cut.created))
  }

  /// Drops everything and begins anew at `offset`, as a follower does whose leader no longer has what it needs.
  public func truncateFully(startingAt offset: Offset, now: Int64 = 0) throws(LogError) {
    try checkUsable()
    truncations += 1
    try afterFailureStop { () throws(LogError) in
      while let segment = segments.popLast() { try segment.delete() }
      for snapshot in try snapshotOffsets() {
        let path = directory + "/" + LogSegment.name(snapshot) + ".snapshot"
        try io { () throws(FileError) in try fileSystem.unlink(path) }
      }
      segments = [
        try LogSegment(baseOffset: offset, directory: directory, fileSystem: fileSystem, create: true, now: now)
      ]
      isDirectoryDirty = true
      isDirty = true
      recent.removeAll()
      logStartOffset = offset
      logEndOffset = offset
      recoveryPoint = min(recoveryPoint, offset)
      unflushedCut = .zero
      cleanedUpTo = .zero
      epochs.removeAll()
      producers = ProducerStateTable()
      try writeEpochs(durable: false)
    }
  }

  /// Makes records below `offset` invisible; their segments go with ``deleteOldSegments(now:highWatermark:)``.
  ///
  /// - Throws: ``LogError/offsetOutOfRange(_:start:end:)`` when `offset` lies behind the log's end.
  public func advanceLogStart(to offset: Offset) throws(LogError) {
    try checkUsable()
    guard offset <= logEndOffset else {
      throw .offsetOutOfRange(offset.rawValue, start: logStartOffset.rawValue, end: logEndOffset.rawValue)
    }
    guard offset > logStartOffset else { return }
    logStartOffset = offset
    if epochs.advanceStart(to: offset) { try writeEpochs(durable: false) }
  }

  /// Retention: removes segments from the front whose records are all too old, too many bytes, or below the log's
  /// start, and only below the high watermark. Returns how many went.
  public func deleteOldSegments(now: Int64, highWatermark: Offset) throws(LogError) -> Int {
    try checkUsable()
    var removed = 0
    var size = sizeInBytes
    while true {
      let segment = segments[0]
      let isLast = segments.count == 1
      let end = isLast ? logEndOffset : segments[1].baseOffset
      guard segment.size > 0 || !isLast, end <= highWatermark else { break }
      var isDue = end <= logStartOffset && !isLast
      if config.deletes, !isDue {
        if config.retentionMs >= 0 {
          let newest = try segment.largestTimestamp()
          isDue = now &- (newest >= 0 ? newest : segment.created) > config.retentionMs
        }
        if config.retentionBytes >= 0, !isLast, Int64(size - segment.size) >= config.retentionBytes { isDue = true }
      }
      guard isDue else { break }
      if isLast { try roll(at: logEndOffset, now: now) }
      size -= segment.size
      try afterFailureStop { () throws(LogError) in
        segments.removeFirst()
        isDirectoryDirty = true
        isDirty = true
        try segment.delete()
      }
      removed += 1
      logStartOffset = max(logStartOffset, segments[0].baseOffset)
      recoveryPoint = max(recoveryPoint, logStartOffset)
    }
    if removed > 0, epochs.advanceStart(to: logStartOffset) { try writeEpochs(durable: false) }
    return removed
  }
}
