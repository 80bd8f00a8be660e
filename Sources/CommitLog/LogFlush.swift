import Primitives

/// A sync of a part of a log, to be carried out off the log's thread: files that hold what must be durable up to ``upTo``.
///
/// Made by ``PartitionLog/beginFlush(_:)`` and given back to ``PartitionLog/finishFlush(_:_:)``, both on the log's thread;
/// ``perform()`` only syncs and touches nothing of the log, so that any one thread may run it meanwhile. That is what
/// `@unchecked` stands for: the file system and the files are those of the real disk, which have no state of their own.
public struct LogFlush: @unchecked Sendable {
  /// Which part of the log is synced.
  public enum Scope: Sendable {
    /// The segments that are not appended to any more, as Kafka does when a segment ends.
    case endedSegments
    /// These and what the active segment has so far, as Kafka does for `flush.messages` and `flush.ms`.
    case everything
  }

  /// Where the recovery point stands once the flush has ended well.
  public let upTo: Offset
  let scope: Scope
  let generation: Int
  let logs: [any StoredFile]
  /// Files beside the logs; one that is gone meanwhile was deleted or replaced, and its successor is synced in its turn.
  let paths: [String]
  let directory: String
  let fileSystem: any FileSystem

  /// Syncs; nil when all went well. A failure is final: the log must not be used any more.
  public func perform() -> FileError? {
    do throws(FileError) {
      for log in logs { try log.sync() }
      for path in paths { try unlessGone { () throws(FileError) in try fileSystem.open(path, create: false).sync() } }
      try unlessGone { () throws(FileError) in try fileSystem.syncDirectory(directory) }
      return nil
    } catch {
      return error
    }
  }

  private func unlessGone(_ sync: () throws(FileError) -> Void) throws(FileError) {
    do throws(FileError) { try sync() } catch {
      guard error.kind == .notFound else { throw error }
    }
  }
}
