import CRDKafka
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// What became of one record.
public struct Delivery: Sendable, Equatable {
  /// When its report came, by `MonotonicClock`.
  public var nanoseconds: Int64
  public var partition: Int32
  /// −1 unless it was acknowledged.
  public var offset: Int64
  /// 0 when it was acknowledged, else librdkafka's code.
  public var error: Int32

  public init(nanoseconds: Int64, partition: Int32, offset: Int64, error: Int32) {
    self.nanoseconds = nanoseconds
    self.partition = partition
    self.offset = offset
    self.error = error
  }
}

/// The clock that all of a run's times are read from.
public enum MonotonicClock {
  public static var nanoseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// Sleeps this thread until a time; returns at once when it has passed.
  public static func sleep(until deadline: Int64) {
    let wait = deadline - nanoseconds
    guard wait > 0 else { return }
    var time = timespec(tv_sec: Int(wait / 1_000_000_000), tv_nsec: Int(wait % 1_000_000_000))
    nanosleep(&time, nil)
  }
}

/// The delivery reports of numbered records, in memory taken beforehand: writing one down costs no allocation and no
/// lock, so that measuring does not disturb what is measured.
final class DeliveryBook: @unchecked Sendable {
  // Only the thread that polls librdkafka writes; readers take what `count` covers, or wait for the flush.
  private let entries: UnsafeMutableBufferPointer<Delivery>
  let acknowledged = Atomic<Int>(0)
  let failed = Atomic<Int>(0)
  /// Acknowledged records without a number.
  let warmUps = Atomic<Int>(0)

  init(capacity: Int) {
    entries = .allocate(capacity: max(1, capacity))
    entries.initialize(repeating: Delivery(nanoseconds: 0, partition: -1, offset: -1, error: 0))
  }

  deinit {
    entries.deinitialize()
    entries.deallocate()
  }

  func note(_ number: Int, _ delivery: Delivery) {
    guard number >= 0 else {
      if delivery.error == 0 { warmUps.add(1, ordering: .releasing) }
      return
    }
    if entries.indices.contains(number) { entries[number] = delivery }
    if delivery.error == 0 {
      acknowledged.add(1, ordering: .releasing)
    } else {
      failed.add(1, ordering: .releasing)
    }
  }

  var all: [Delivery] {
    _ = acknowledged.load(ordering: .acquiring)
    return Array(entries)
  }
}

/// librdkafka's callback for each record; runs on the polling thread.
func noteDelivery(
  _ client: OpaquePointer?, _ message: UnsafePointer<rd_kafka_message_t>?, _ opaque: UnsafeMutableRawPointer?
) {
  guard let message, let opaque else { return }
  let book = Unmanaged<DeliveryBook>.fromOpaque(opaque).takeUnretainedValue()
  // Numbers are sent as number + 1: a null pointer carries none.
  let number = Int(bitPattern: message.pointee._private) - 1
  let error = message.pointee.err.rawValue
  book.note(
    number,
    Delivery(
      nanoseconds: MonotonicClock.nanoseconds, partition: message.pointee.partition,
      offset: error == 0 ? message.pointee.offset : -1, error: error))
}
