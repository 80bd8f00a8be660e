import CUV

/// Watches a descriptor that another library owns; tells when it can be read.
///
/// Close it before the descriptor is closed.
public final class Poll: Handle<uv_poll_t> {
  private let readable: () -> Void

  public init(_ loop: EventLoop, descriptor: Int32, _ readable: @escaping () -> Void) throws(IOError) {
    self.readable = readable
    try super.init(loop, "uv_poll_init") { uv_poll_init($0, $1, descriptor) }
    uv_poll_start(raw, Int32(bitPattern: UV_READABLE.rawValue)) { handle, _, _ in
      owner(Poll.self, of: handle).readable()
    }
  }
}
