import CMicroHTTPD

/// One request and its answer, from the first line to the last byte. Lives on the server's loop.
final class Exchange {
  enum Phase: Equatable {
    /// The target is known; headers may still come.
    case opened
    /// The head was judged; the body comes.
    case receiving
    /// A handler has the request and has not answered; the connection is suspended.
    case handling
    /// The answer was given to libmicrohttpd.
    case answered
    /// The connection has ended.
    case gone
  }

  enum Answer {
    case response(HTTPResponse)
    case stream(EventStream)
  }

  let server: HTTPServer
  let connection: OpaquePointer
  /// Nil when it was not UTF-8.
  private let target: String?
  private(set) var phase = Phase.opened
  private var answer: Answer?
  private var handler: HTTPServer.Handler?
  private var request: HTTPRequest?
  private var bodyIsTooLarge = false
  /// Whether the connection rests at libmicrohttpd until `resume`.
  private var isSuspended = false

  init(server: HTTPServer, connection: OpaquePointer, target: String?) {
    self.server = server
    self.connection = connection
    self.target = target
  }

  // MARK: libmicrohttpd's side

  /// Takes what has arrived: first the head, then pieces of the body, then, with nothing, the end.
  func received(method: String, piece: UnsafeRawBufferPointer) -> MHD_Result {
    switch phase {
    case .opened:
      phase = .receiving
      return judgeHead(method)
    case .receiving where piece.isEmpty:
      if bodyIsTooLarge { answer = .response(Self.tooLarge) }
      return answer == nil ? handle() : give()
    case .receiving: return append(piece)
    case .handling: return answer == nil ? suspend() : give()
    case .answered, .gone: return .NO
    }
  }

  private func judgeHead(_ method: String) -> MHD_Result {
    do throws(RequestHead.Malformed) {
      guard let target else { throw RequestHead.Malformed(reason: "the target is not ASCII") }
      let head = try RequestHead(method: method, target: target, headers: requestHeaders(of: connection))
      let length = head.bodyBytes ?? 0
      if let refusal = server.access.refusal(of: head) {
        answer = .response(refusal)
      } else if length > server.limits.bodyBytes {
        answer = .response(Self.tooLarge)
      } else {
        route(head)
      }
      // An answer now means that the body is not read, and so that the connection ends with it.
      return answer != nil && head.hasBody ? give() : .YES
    } catch {
      var response = HTTPResponse.problem(400, "malformed", error.reason)
      response.headers.append(("Connection", "close"))
      answer = .response(response)
      return give()
    }
  }

  private static let tooLarge = HTTPResponse.problem(413, "too_large", "the body is larger than the server takes")

  private func route(_ head: RequestHead) {
    switch server.router.find(head.method, head.target.segments) {
    case .found(let handler, let parameters):
      self.handler = handler
      request = HTTPRequest(
        method: head.method, path: "/" + head.target.segments.joined(separator: "/"), query: head.target.query,
        headers: head.headers, parameters: parameters, peer: peerAddress(of: connection))
    case .methodNotAllowed(let allow):
      var response = HTTPResponse.problem(405, "method_not_allowed", "this path knows \(allow)")
      response.headers.append(("Allow", allow))
      answer = .response(response)
    case .notFound: answer = .response(.problem(404, "not_found", "there is nothing here"))
    }
  }

  private func append(_ piece: UnsafeRawBufferPointer) -> MHD_Result {
    guard answer == nil else { return .YES }
    let size = (request?.body.count ?? 0) + piece.count
    if bodyIsTooLarge || size > server.limits.bodyBytes {
      // No answer can be given between the pieces: what is left of the body is read and forgotten, up to a bound.
      bodyIsTooLarge = true
      request?.body = []
      forgotten += piece.count
      return forgotten > 4 * server.limits.bodyBytes ? .NO : .YES
    }
    request?.body.append(contentsOf: piece)
    return .YES
  }

  private var forgotten = 0

  private func handle() -> MHD_Result {
    guard let handler, let request else { return .NO }
    self.handler = nil
    self.request = nil
    phase = .handling
    handler(request, HTTPResponder(self))
    if phase == .gone { return .NO }
    return answer == nil ? suspend() : give()
  }

  private func give() -> MHD_Result {
    guard let answer, phase != .gone else { return .NO }
    phase = .answered
    switch answer {
    case .response(let response): return queue(response, on: connection)
    case .stream(let stream): return queue(stream, on: connection)
    }
  }

  func suspend() -> MHD_Result {
    if !isSuspended {
      isSuspended = true
      MHD_suspend_connection(connection)
    }
    return .YES
  }

  func resume() {
    guard isSuspended, phase != .gone else { return }
    isSuspended = false
    MHD_resume_connection(connection)
    server.wake()
  }

  /// The connection is over, or this exchange on it is.
  func ended() {
    guard phase != .gone else { return }
    phase = .gone
    handler = nil
    request = nil
    if case .stream(let stream) = answer { stream.ended() }
    answer = nil
  }

  // MARK: the handler's side

  /// Takes the answer unless there is one; whether it was taken.
  @discardableResult
  func take(_ answer: Answer) -> Bool {
    guard self.answer == nil, phase == .handling else { return false }
    self.answer = answer
    resume()
    return true
  }
}
