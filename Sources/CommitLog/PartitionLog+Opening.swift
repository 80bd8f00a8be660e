import Primitives
import Records

extension PartitionLog {
  /// Opens a partition's folder, creating it when absent.
  ///
  /// After an unclean stop everything from the recovery point on is read, verified and, at the first bad byte, cut off;
  /// indexes, epochs and producer state are made anew. A bad batch below the recovery point is damage, not a torn tail:
  /// ``LogError/damaged(segment:position:reason:)``, and nothing is cut.
  ///
  /// - Parameters:
  ///   - recoveryPoint: from `recovery-point-offset-checkpoint`; 0 when unknown.
  ///   - logStartOffset: from `log-start-offset-checkpoint`; nil for the first segment's base.
  ///   - wasCleanShutdown: whether `.kafka_cleanshutdown` was there.
  ///   - now: wall clock, milliseconds since 1970.
  public static func open(
    directory: String, config: LogConfig, fileSystem: any FileSystem, recoveryPoint: Offset, logStartOffset: Offset?,
    wasCleanShutdown: Bool, now: Int64
  ) throws(LogError) -> PartitionLog {
    let isNew = !fileSystem.exists(directory)
    if isNew { try io { () throws(FileError) in try fileSystem.makeDirectory(directory) } }
    let opener = LogOpener(directory: directory, config: config, fileSystem: fileSystem, now: now)
    var segments = try opener.segments()
    if segments.isEmpty {
      segments = [
        try LogSegment(
          baseOffset: logStartOffset ?? .zero, directory: directory, fileSystem: fileSystem, create: true, now: now)
      ]
    }
    var epochs = try opener.epochs()
    let damagedEpochs = epochs == nil
    let end = try opener.recover(
      &segments, epochs: &epochs, recoveryPoint: recoveryPoint, wasCleanShutdown: wasCleanShutdown)
    if damagedEpochs, let first = end.firstScanned { try opener.readEpochs(of: segments[..<first], into: &epochs) }

    let log = PartitionLog(
      directory: directory, config: config, fileSystem: fileSystem, segments: segments,
      logStartOffset: max(logStartOffset ?? segments[0].baseOffset, segments[0].baseOffset), logEndOffset: end.offset,
      recoveryPoint: wasCleanShutdown && end.firstScanned == nil ? end.offset : min(recoveryPoint, end.offset),
      epochs: epochs ?? EpochCache(), producers: ProducerStateTable())
    log.wasClosedClean = wasCleanShutdown && end.firstScanned == nil && log.recoveryPoint == log.logEndOffset && !isNew
    log.isDirty = !log.wasClosedClean
    // An empty log is closed without a sync: its folder may not be durable.
    log.isDirectoryDirty = !log.wasClosedClean || log.logEndOffset == .zero
    log.unflushedCut = log.wasClosedClean ? nil : log.recoveryPoint
    log.areEpochsDirty = !log.wasClosedClean
    if let first = end.firstScanned { log.recoveredBytes = segments[first...].reduce(0) { $0 + $1.size } }
    if log.logStartOffset > log.logEndOffset {
      // All of the data lies below what was deleted.
      try log.truncateFully(startingAt: log.logStartOffset, now: now)
    }
    try log.active.prepareForAppending()
    let isChanged = log.epochs.truncate(to: log.logEndOffset)
    if log.epochs.advanceStart(to: log.logStartOffset) || isChanged || end.firstScanned != nil || damagedEpochs {
      log.areEpochsUnwritten = true
    }
    try log.loadProducers(
      now: now, trustedUpTo: end.firstScanned.map { segments[$0].baseOffset } ?? log.logEndOffset,
      rebuilding: end.firstScanned.map { Set(segments[$0...].map(\.baseOffset)) } ?? [])
    return log
  }

  /// Makes the log of a new partition in its folder, which exists and has no log.
  ///
  /// Touches nothing but the new files, so that any thread may do it for the log's later owner.
  public static func create(
    directory: String, config: LogConfig, fileSystem: any FileSystem, now: Int64
  ) throws(LogError) -> PartitionLog {
    let segment = try LogSegment(
      baseOffset: .zero, directory: directory, fileSystem: fileSystem, create: true, now: now)
    guard segment.size == 0 else { throw .refused("\(directory) has a log already") }
    let log = PartitionLog(
      directory: directory, config: config, fileSystem: fileSystem, segments: [segment], logStartOffset: .zero,
      logEndOffset: .zero, recoveryPoint: .zero, epochs: EpochCache(), producers: ProducerStateTable())
    log.isDirectoryDirty = true
    log.areEpochsUnwritten = true
    return log
  }

  /// Rebuilds the producer table: the newest snapshot up to `trustedUpTo`, then the batches behind it.
  ///
  /// - Parameter rebuilding: segments whose transaction index is made anew on the way.
  func loadProducers(now: Int64?, trustedUpTo: Offset, rebuilding: Set<Offset>) throws(LogError) {
    producers = ProducerStateTable()
    var from = logStartOffset
    let first = segments[0].baseOffset
    from = min(from, first)
    for offset in try snapshotOffsets().reversed() {
      let path = directory + "/" + LogSegment.name(offset) + ".snapshot"
      if offset > trustedUpTo {
        try io { () throws(FileError) in try fileSystem.unlink(path) }
        continue
      }
      guard offset >= first else { break }
      let bytes = try io { () throws(FileError) in try fileSystem.contents(of: path) }
      if let table = ProducerStateTable(snapshot: bytes) {
        producers = table
        from = offset
        break
      }
      try io { () throws(FileError) in try fileSystem.unlink(path) }
    }
    for segment in segments[segmentIndex(for: from)...] {
      let isRebuilt =
        from <= segment.baseOffset && (rebuilding.contains(segment.baseOffset) || !segment.hasTransactionIndex)
      if isRebuilt { try segment.truncateTransactions(to: segment.baseOffset) }
      try replay(segment, from: from, isIndexed: isRebuilt)
    }
    if let now { expireProducers(now: now) }
    try removeStraySnapshots()
  }

  private func replay(_ segment: LogSegment, from: Offset, isIndexed: Bool) throws(LogError) {
    guard var (header, position) = try segment.find(from) else { return }
    let reader = BatchReader(segment.file, windowBytes: 64 << 10)
    while true {
      if header.hasProducerID, header.baseOffset >= from {
        if header.isControl {
          let bytes = try reader.batch(header, at: position)
          var failure: LogError?
          bytes.withUnsafeBytes { batch in
            do throws(LogError) {
              try noteProducer(header, batch: batch, segment: segment, isIndexed: isIndexed)
            } catch { failure = error }
          }
          if let failure { throw failure }
        } else {
          producers.update(header)
        }
      }
      position += header.totalSize
      guard let next = try reader.header(at: position, end: segment.size) else { return }
      header = next
    }
  }

  func snapshotOffsets() throws(LogError) -> [Offset] {
    let path = directory
    return try io { () throws(FileError) in try fileSystem.list(path) }
      .compactMap { LogOpener.offset(of: $0, suffix: ".snapshot") }.sorted()
  }

  /// Keeps the snapshots at the segments' bases and the newest one.
  private func removeStraySnapshots() throws(LogError) {
    let offsets = try snapshotOffsets()
    let bases = Set(segments.map(\.baseOffset))
    for offset in offsets.dropLast() where !bases.contains(offset) {
      let path = directory + "/" + LogSegment.name(offset) + ".snapshot"
      try io { () throws(FileError) in try fileSystem.unlink(path) }
    }
  }
}

/// Reads a partition's folder as a stop, clean or not, left it.
struct LogOpener {
  let directory: String
  let config: LogConfig
  let fileSystem: any FileSystem
  let now: Int64

  /// The offset in a file's name of twenty digits and a suffix.
  static func offset(of name: String, suffix: String) -> Offset? {
    guard name.hasSuffix(suffix) else { return nil }
    let digits = name.dropLast(suffix.count)
    guard digits.utf8.count == 20, digits.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
    return Int64(digits).map { Offset($0) }
  }

  /// The segments, after unfinished replacements were finished or undone.
  func segments() throws(LogError) -> [LogSegment] {
    try finishReplacements()
    var segments: [LogSegment] = []
    for name in try names() {
      guard let offset = Self.offset(of: name, suffix: ".log") else { continue }
      segments.append(
        try LogSegment(baseOffset: offset, directory: directory, fileSystem: fileSystem, create: false, now: now))
    }
    // Indexes whose log did not reach the disk.
    let bases = Set(segments.map(\.baseOffset))
    for name in try names() {
      for suffix in [".index", ".timeindex", ".txnindex"] {
        if let base = Self.offset(of: name, suffix: suffix), !bases.contains(base) { try unlink(name) }
      }
    }
    return segments.sorted { $0.baseOffset < $1.baseOffset }
  }

  /// `.deleted`, `.cleaned` and `.tmp` files go. A `.swap` log is complete: it takes the place of the segments whose
  /// range it covers; its indexes are made anew.
  private func finishReplacements() throws(LogError) {
    for name in try names() {
      let isLeftover = [".deleted", ".cleaned", ".tmp"].contains { name.hasSuffix($0) }
      let isIndexSwap = name.hasSuffix(".swap") && !name.hasSuffix(".log.swap")
      if isLeftover || isIndexSwap { try unlink(name) }
    }
    for name in try names() {
      guard let offset = Self.offset(of: name, suffix: ".log.swap") else { continue }
      let path = directory + "/" + name
      let file = try io { () throws(FileError) in try fileSystem.open(path, create: false) }
      let size = try io { () throws(FileError) in try file.size() }
      let reader = BatchReader(file)
      var position = 0
      var end = offset + 1
      while let header = try reader.header(at: position, end: size) {
        end = header.nextOffset
        position += header.totalSize
      }
      for other in try names() {
        for suffix in [".log", ".index", ".timeindex", ".txnindex"] {
          guard let base = Self.offset(of: other, suffix: suffix), base >= offset, base < end else { continue }
          if suffix == ".txnindex", base == offset { continue }
          try unlink(other)
        }
      }
      let target = directory + "/" + LogSegment.name(offset) + ".log"
      try io { () throws(FileError) in try fileSystem.rename(path, to: target) }
    }
  }

  /// The epoch cache; nil when its file is missing or damaged, so that it must be read from the log.
  func epochs() throws(LogError) -> EpochCache? {
    let path = directory + "/leader-epoch-checkpoint"
    guard fileSystem.exists(path) else { return nil }
    let bytes = try io { () throws(FileError) in try fileSystem.contents(of: path) }
    // Kafka leaves an empty file where no leader ever was; a crash leaves one as well.
    return bytes.isEmpty ? nil : EpochCache(checkpoint: String(decoding: bytes, as: UTF8.self))
  }

  func readEpochs(of segments: ArraySlice<LogSegment>, into epochs: inout EpochCache?) throws(LogError) {
    var older = EpochCache()
    for segment in segments {
      let reader = BatchReader(segment.file)
      var position = 0
      while let header = try reader.header(at: position, end: segment.size) {
        older.assign(header.leaderEpoch, startOffset: header.baseOffset)
        position += header.totalSize
      }
    }
    for entry in epochs?.entries ?? [] { older.assign(entry.epoch, startOffset: entry.startOffset) }
    epochs = older
  }

  /// Verifies what may be torn and finds the log's end.
  ///
  /// - Returns: the log's end, and the index of the first segment that was scanned, nil when none had to be.
  func recover(
    _ segments: inout [LogSegment], epochs: inout EpochCache?, recoveryPoint: Offset, wasCleanShutdown: Bool
  ) throws(LogError) -> (offset: Offset, firstScanned: Int?) {
    var first = segments.count
    if wasCleanShutdown, epochs != nil {
      let last = segments[segments.count - 1]
      let (next, end) = try last.nextOffset()
      if end == last.size { return (next, nil) }
      first = segments.count - 1
    } else if wasCleanShutdown {
      first = 0
    } else {
      // The segment that contains the recovery point, and all behind it.
      first = (segments.lastIndex { $0.baseOffset <= recoveryPoint }) ?? 0
      // Its predecessor may have been cut there, and the cut not have reached the disk.
      if first > 0, let (header, position) = try segments[first - 1].find(segments[first].baseOffset) {
        try segments[first - 1].truncate(at: position, offset: header.baseOffset)
      }
    }
    var cache = epochs ?? EpochCache()
    var next = segments[first].baseOffset
    for index in first..<segments.count {
      let segment = segments[index]
      if index > first, segment.baseOffset != next, !config.compacts || segment.baseOffset < next {
        // What led up to this segment did not reach the disk.
        try drop(&segments, from: index)
        break
      }
      var good = 0
      let (bad, end) = try segment.scan(verify: true, interval: config.indexIntervalBytes) {
        (header, position) throws(LogError) in
        cache.assign(header.leaderEpoch, startOffset: header.baseOffset)
        good = position + header.totalSize
      }
      next = end
      if let bad {
        // Everything below the recovery point was synced: this is no torn write.
        guard next >= recoveryPoint else {
          throw .damaged(
            segment: segment.baseOffset.rawValue, position: bad,
            reason: "bad batch at offset \(next), below the recovery point \(recoveryPoint)")
        }
        try drop(&segments, from: index + 1)
        try segment.truncate(at: good, offset: next)
        break
      }
    }
    epochs = cache
    return (next, first)
  }

  /// Drops segments from the last one down, so that a crash meanwhile leaves no hole.
  private func drop(_ segments: inout [LogSegment], from index: Int) throws(LogError) {
    while segments.count > index { try segments.removeLast().delete() }
  }

  private func names() throws(LogError) -> [String] {
    try io { () throws(FileError) in try fileSystem.list(directory) }
  }

  private func unlink(_ name: String) throws(LogError) {
    try io { () throws(FileError) in try fileSystem.unlink(directory + "/" + name) }
  }
}
