import CMicroHTTPD

// What an exchange asks of libmicrohttpd, in Swift's terms.

/// The request's headers in the order given. Bytes that are not UTF-8 are replaced.
func requestHeaders(of connection: OpaquePointer) -> [(name: String, value: String)] {
  let list = HeaderList()
  withExtendedLifetime(list) {
    _ = MHD_get_connection_values_n(
      connection, .HEADER_KIND,
      { list, _, name, nameBytes, value, valueBytes in
        guard let list else { return .NO }
        let headers = Unmanaged<HeaderList>.fromOpaque(list).takeUnretainedValue()
        headers.items.append((text(name, nameBytes), text(value, valueBytes)))
        return .YES
      }, Unmanaged.passUnretained(list).toOpaque())
  }
  return list.items
}

private final class HeaderList {
  var items: [(name: String, value: String)] = []
}

private func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
  String(decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count), as: UTF8.self)
}

func peerAddress(of connection: OpaquePointer) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { name in
    guard let start = name.baseAddress else { return "" }
    cmhd_peer(connection, start, name.count)
    return String(cString: start)
  }
}

func queue(_ answer: HTTPResponse, on connection: OpaquePointer) -> MHD_Result {
  let response = answer.body.withUnsafeBytes { body in
    // The library copies the bytes; it only lacks the const.
    MHD_create_response_from_buffer(
      body.count, UnsafeMutableRawPointer(mutating: body.baseAddress), .RESPMEM_MUST_COPY)
  }
  return queue(response, status: answer.status, headers: answer.headers, on: connection)
}

func queue(_ stream: EventStream, on connection: OpaquePointer) -> MHD_Result {
  let response = MHD_create_response_from_callback(
    UInt64.max, 16 << 10,
    { stream, _, space, size in
      guard let stream, let space else { return -1 }
      let into = UnsafeMutableRawBufferPointer(start: space, count: size)
      return Unmanaged<EventStream>.fromOpaque(stream).takeUnretainedValue().read(into: into)
    },
    Unmanaged.passRetained(stream).toOpaque(),
    { stream in
      if let stream { Unmanaged<EventStream>.fromOpaque(stream).release() }
    })
  if response == nil { Unmanaged.passUnretained(stream).release() }
  let headers = [
    ("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"),
  ]
  return queue(response, status: 200, headers: headers, on: connection)
}

private func queue(
  _ response: OpaquePointer?, status: Int, headers: [(name: String, value: String)], on connection: OpaquePointer
) -> MHD_Result {
  guard let response, let status = UInt32(exactly: status) else { return .NO }
  defer { MHD_destroy_response(response) }
  for header in headers where isFit(header) { MHD_add_response_header(response, header.name, header.value) }
  for header in securityHeaders where !headers.contains(where: { $0.name.lowercased() == header.name.lowercased() }) {
    MHD_add_response_header(response, header.name, header.value)
  }
  cmhd_notice_end(connection)
  return MHD_queue_response(connection, status, response)
}

/// Whether a header goes out as it is. The library looks for line breaks, but its strings end at the first NUL.
private func isFit(_ header: (name: String, value: String)) -> Bool {
  !header.name.isEmpty && header.name.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: ":") }
    && header.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
}

/// What every answer carries: nothing from outside runs, nobody frames the pages or reads them from another site.
private let securityHeaders: [(name: String, value: String)] = [
  (
    "Content-Security-Policy",
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
  ),
  ("X-Content-Type-Options", "nosniff"),
  ("X-Frame-Options", "DENY"),
  ("Referrer-Policy", "no-referrer"),
  ("Cross-Origin-Resource-Policy", "same-origin"),
  ("Cross-Origin-Opener-Policy", "same-origin"),
  ("Cache-Control", "no-store"),
]
