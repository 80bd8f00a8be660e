import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Runs work that blocks on a thread of its own, so that it never holds one of the few that Swift's tasks share.
public enum WorkerThread {
  /// Starts a detached thread. When the system has none left, the work runs here and now.
  public static func start(_ work: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(Work(work)).toOpaque()
    if !startThread(box) { perform(box) }
  }

  /// Runs blocking work and waits for its result without blocking the caller's thread.
  public static func run<Value: Sendable, Failure: Error>(
    _ work: @escaping @Sendable () throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
      start {
        do throws(Failure) { continuation.resume(returning: .success(try work())) } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }
}

private final class Work: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func perform(_ box: UnsafeMutableRawPointer) {
  Unmanaged<Work>.fromOpaque(box).takeRetainedValue().run()
}

#if canImport(Darwin)
  private func startThread(_ box: UnsafeMutableRawPointer) -> Bool {
    var thread: pthread_t?
    let failure = pthread_create(
      &thread, nil,
      {
        perform($0)
        return nil
      }, box)
    if let thread { pthread_detach(thread) }
    return failure == 0
  }
#else
  private func startThread(_ box: UnsafeMutableRawPointer) -> Bool {
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { box in
        if let box { perform(box) }
        return nil
      }, box)
    if failure == 0 { pthread_detach(thread) }
    return failure == 0
  }
#endif
