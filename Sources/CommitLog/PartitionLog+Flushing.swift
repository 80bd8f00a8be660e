import Primitives

/// How the log becomes durable: at once on its own thread, or in the background.
extension PartitionLog {
  /// Makes everything appended durable and moves the recovery point to the log's end.
  public func flush() throws(LogError) {
    try checkUsable()
    guard hasUnsynced else { return }
    try afterFailureStop { () throws(LogError) in
      for (index, segment) in segments.enumerated() {
        let end = index + 1 < segments.count ? segments[index + 1].baseOffset : logEndOffset
        if end >= recoveryPoint { try segment.sync() }
      }
      if areEpochsDirty || areEpochsUnwritten { try writeEpochs(durable: true) }
      if isDirectoryDirty {
        let path = directory
        try io { () throws(FileError) in try fileSystem.syncDirectory(path) }
        isDirectoryDirty = false
      }
    }
    recoveryPoint = logEndOffset
    unflushedCut = nil
    isDirty = false
  }

  /// Segments ended since the recovery point: a flush of ``LogFlush/Scope/endedSegments`` is due, and none is under way.
  public var hasEndedSegmentsToFlush: Bool { recoveryPoint < active.baseOffset && !isFlushing && !hasFailed }

  /// Records that a loss of power could still take.
  public var unflushedRecords: Int64 { logEndOffset - recoveryPoint }

  /// Begins a flush in the background; nil when there is nothing to do, or one is under way.
  ///
  /// Indexes are written here, without a sync. The caller performs the flush on another thread and hands it back to
  /// ``finishFlush(_:_:)``; meanwhile the log may be appended to, read and cut.
  public func beginFlush(_ scope: LogFlush.Scope) throws(LogError) -> LogFlush? {
    try checkUsable()
    guard !isFlushing else { return nil }
    let end = scope == .everything ? logEndOffset : active.baseOffset
    guard end > recoveryPoint else { return nil }
    var logs: [any StoredFile] = []
    var paths: [String] = []
    for (index, segment) in segments.enumerated() {
      let isActive = index + 1 == segments.count
      guard isActive ? scope == .everything : segments[index + 1].baseOffset >= recoveryPoint else { continue }
      try afterFailureStop { () throws(LogError) in try segment.writeIndexes(durable: false) }
      logs.append(segment.file)
      paths += segment.sidePaths
    }
    if areEpochsUnwritten { try writeEpochs(durable: false) }
    paths += [directory + "/leader-epoch-checkpoint", directory + "/partition.metadata"]
    areEpochsDirty = false
    isDirectoryDirty = false
    if scope == .everything { isDirty = false }
    isFlushing = true
    return LogFlush(
      upTo: end, scope: scope, generation: truncations, logs: logs, paths: paths, directory: directory,
      fileSystem: fileSystem)
  }

  /// A background flush has ended. The recovery point moves unless the log was cut or cleaned meanwhile.
  ///
  /// - Throws: ``LogError/file(_:)`` when the sync failed: what it left behind cannot be known, and the log is unusable.
  public func finishFlush(_ flush: LogFlush, _ failure: FileError?) throws(LogError) {
    isFlushing = false
    if let failure {
      hasFailed = true
      throw .file(failure)
    }
    guard flush.generation == truncations else {
      isDirty = true
      return
    }
    recoveryPoint = max(recoveryPoint, min(flush.upTo, logEndOffset))
    if flush.scope == .everything { unflushedCut = nil }
  }
}
