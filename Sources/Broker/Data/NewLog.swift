import CommitLog
import Primitives

/// A partition's log that is to be made, off the loop that will own it.
///
/// Unchecked: the directory and the file system have nothing but a path, and the log that `make` returns is its caller's
/// until it hands it over.
struct NewLog: @unchecked Sendable {
  let id: TopicIDPartition
  let name: TopicPartition
  let config: LogConfig
  let directory: LogDirectory
  let files: any FileSystem

  /// A log that was made, or why not.
  struct Made: @unchecked Sendable {
    var plan: NewLog
    var result: Result<PartitionLog, LogError>
  }

  /// Makes folder, `partition.metadata` and the first segment. A folder that is there already was left by a loss of power
  /// without its topic's id: what it has is kept, as recovery finds it.
  func make(wallClock: Int64) -> Made {
    do throws(LogError) {
      let folder = directory.folder(of: name)
      let isNew = !files.exists(folder)
      try directory.createFolder(of: name, topicID: id.topic, durable: false)
      let log =
        isNew
        ? try PartitionLog.create(directory: folder, config: config, fileSystem: files, now: wallClock)
        : try PartitionLog.open(
          directory: folder, config: config, fileSystem: files, recoveryPoint: .zero, logStartOffset: nil,
          wasCleanShutdown: false, now: wallClock)
      return Made(plan: self, result: .success(log))
    } catch {
      return Made(plan: self, result: .failure(error))
    }
  }
}

/// Folders of deleted topics that go, off the loop.
struct FolderRemoval: @unchecked Sendable {
  let directory: LogDirectory
  let folders: [String]

  /// Those that could not be removed, with the reason.
  func perform() -> [(folder: String, reason: String)] {
    folders.compactMap { folder in
      do throws(LogError) {
        try directory.removeFolder(named: folder)
        return nil
      } catch {
        return (folder, "\(error)")
      }
    }
  }
}
