import CommitLog
import Primitives
import Records

/// Bytes in and out, and what becomes of them when the process or the machine dies.
extension ReplicationSimulatedLog {
  /// A producer's batch: `count` records whose values follow `value` × 4.
  static func build(
    _ value: UInt64, count: Int, producer: ProducerID, epoch: Int16, sequence: Int32, now: Instant
  ) -> [UInt8] {
    var builder = RecordBatchBuilder(producerID: producer, producerEpoch: epoch, baseSequence: sequence)
    for index in 0..<UInt64(count) {
      let bytes = withUnsafeBytes(of: (value * 4 + index).bigEndian) { Array($0) }
      builder.append(key: nil, value: bytes, timestamp: now.nanoseconds / 1_000_000)
    }
    return (try? builder.build()) ?? []
  }

  static func parse(_ bytes: [UInt8]) -> [(batch: Batch, values: [UInt64], epoch: LeaderEpoch)] {
    bytes.withUnsafeBytes { raw in
      var found: [(batch: Batch, values: [UInt64], epoch: LeaderEpoch)] = []
      var sequence = RecordBatchSequence(raw)
      while let (header, bytes) = try? sequence.next() {
        var values: [UInt64] = []
        if var iterator = try? RecordIterator(batch: bytes, maxDecompressedBytes: 0) {
          while let record = try? iterator.next() {
            values.append((record.value.map(Array.init) ?? []).reduce(0) { $0 << 8 | UInt64($1) })
          }
        }
        let batch = Batch(
          base: header.baseOffset, count: values.count, producer: header.producerID,
          producerEpoch: header.producerEpoch, sequence: header.baseSequence)
        found.append((batch, values, header.leaderEpoch))
      }
      return found
    }
  }

  // MARK: appending and reading

  /// A leader's append. Returns the first offset.
  func append(_ batch: [UInt8], epoch: LeaderEpoch, now: Instant) -> Offset? {
    guard let real else { return nil }
    var bytes = batch
    let result: Result<AppendResult, LogError> = bytes.withUnsafeMutableBytes { buffer in
      do throws(LogError) {
        return .success(try real.append(buffer, leaderEpoch: epoch, now: now.nanoseconds / 1_000_000))
      } catch { return .failure(error) }
    }
    guard case .success(let appended) = result else {
      broken("P9: an append failed: \(result)")
      return nil
    }
    note(bytes)
    updateFlawed(bytes)
    checkProducers(of: bytes)
    return appended.baseOffset
  }

  /// A follower's append of what its leader sent.
  func appendAsFollower(_ bytes: [UInt8], now: Instant) {
    guard let real, !bytes.isEmpty else { return }
    let before = flaws.contains(.followersKeepNoProducers) ? producers : nil
    let failure: LogError? = bytes.withUnsafeBytes { buffer in
      do throws(LogError) {
        _ = try real.appendAsFollower(buffer, now: now.nanoseconds / 1_000_000)
        return nil
      } catch { return error }
    }
    if let failure { return broken("P5: the leader's records cannot be appended: \(failure)") }
    note(bytes)
    if let before { flawedProducers = before } else { updateFlawed(bytes) }
    checkProducers(of: bytes)
  }

  private func updateFlawed(_ bytes: [UInt8]) {
    guard flawedProducers != nil else { return }
    bytes.withUnsafeBytes { raw in
      var sequence = RecordBatchSequence(raw)
      while let (header, _) = try? sequence.next() { flawedProducers?.update(header) }
    }
  }

  private func checkProducers(of bytes: [UInt8]) {
    for (batch, _, _) in Self.parse(bytes) {
      if let text = history.difference(from: producers, of: batch.producer) { return broken("P14: \(text)") }
    }
  }

  /// Whole batches, as they are on the disk.
  func read(from start: Offset, upTo end: Offset, maxBytes: Int) -> [UInt8] {
    guard let real else { return [] }
    do throws(LogError) {
      guard let slice = try real.locate(from: start, maxBytes: maxBytes, upTo: end, minOneBatch: true) else {
        return []
      }
      var bytes = [UInt8](repeating: 0, count: slice.length)
      let result: Result<Int, FileError> = bytes.withUnsafeMutableBytes { buffer in
        do throws(FileError) { return .success(try slice.read(into: buffer)) } catch { return .failure(error) }
      }
      if case .success(let count) = result, count == bytes.count { return bytes }
      broken("S4: a read fell short at \(start)")
    } catch { broken("S4: a read failed at \(start): \(error)") }
    return []
  }

  // MARK: life and death

  /// What the operating system, or a flush, does from time to time. The checkpoint may be older than the flush.
  func writeBack(writesCheckpoint: Bool) {
    guard let real else { return }
    do throws(LogError) { try real.flush() } catch { return broken("S1: a flush failed: \(error)") }
    if writesCheckpoint { storedRecoveryPoint = real.recoveryPoint }
  }

  /// The process stops in good order: a snapshot of producers, everything durable.
  func close() {
    guard let real else { return }
    do throws(LogError) { try real.close(clean: true) } catch { return broken("S1: a log did not close: \(error)") }
    storedRecoveryPoint = real.recoveryPoint
  }

  /// A snapshot of producers is gone, or a bit of it has flipped.
  func spoilSnapshot(using random: inout RandomSource) -> Bool {
    let names = ((try? disk.list(Self.directory)) ?? []).filter { $0.hasSuffix(".snapshot") }
    guard let name = names.randomElement(using: &random) else { return false }
    let path = Self.directory + "/" + name
    if random.chance(0.5) {
      try? disk.unlink(path)
    } else {
      disk.flipBit(of: path, at: Int.random(in: 0..<30, using: &random), bit: Int.random(in: 0..<8, using: &random))
    }
    return true
  }

  static let directory = "partition-0"

  /// The next process opens what it finds. `keepsAll`: no page cache was lost. Returns how many records are gone.
  func reopen(wasClean: Bool, keepsAll: Bool, now: Instant) -> Int {
    let stale = flaws.contains(.trustsNewerSnapshot) && !wasClean ? staleProducers : nil
    let oldEnd = records.count
    flawedProducers = nil
    do throws(LogError) {
      real = try PartitionLog.open(
        directory: Self.directory, config: config, fileSystem: disk, recoveryPoint: storedRecoveryPoint,
        logStartOffset: nil, wasCleanShutdown: wasClean, now: now.nanoseconds / 1_000_000)
    } catch {
      broken("S1: the log cannot be opened: \(error)")
      return 0
    }
    forget(from: .zero)
    history = ReplicationProducerHistory()
    var position = Offset.zero
    while position < logEndOffset {
      let bytes = read(from: position, upTo: logEndOffset, maxBytes: 1 << 20)
      guard !bytes.isEmpty else { break }
      note(bytes, notesChains: false)
      guard Offset(Int64(records.count)) > position else { break }
      position = Offset(Int64(records.count))
    }
    // What was cut may be back after a crash, but never a mixture.
    if !knownChains.contains(chain(at: logEndOffset) ?? 0) { broken("S1: a log came back that never was") }
    if keepsAll, records.count < oldEnd { broken("S1: the death of a process took \(oldEnd - records.count) records") }
    if let stale, records.count < oldEnd { flawedProducers = stale }
    rebuildHistory()
    return max(0, oldEnd - records.count)
  }
}
