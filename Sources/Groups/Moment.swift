import Primitives

/// Now, by both clocks: the monotonic one for timeouts, the wall's for what is stored.
struct Moment {
  var now: Instant
  var wallClockMs: Int64
}
