import CCurl

/// One POST by libcurl, over a connection of its own.
///
/// With `https://` the certificate must be good for the name in the URL, by the system's authorities or by those in
/// `authorities`; there is no way to turn that off. Redirections are not followed. Proxies are taken from the
/// environment, as with curl (`https_proxy`, `no_proxy`).
struct WebPost {
  /// Of an answer's body, which nobody reads, so much is waited for.
  static let answerBytesMax = 64 << 10

  enum Answer: Equatable {
    case status(Int)
    /// In libcurl's words.
    case nothing(String)
  }

  var url: String
  var headers: [String]
  var body: [UInt8]
  /// A file of PEM certificates instead of the system's.
  var authorities: String?
  var patience: Duration

  /// Blocks the calling thread until the receiver's status is there, at most for `patience`.
  func send() -> Answer {
    guard Self.isReady, let handle = curl_easy_init() else { return .nothing("libcurl cannot start") }
    defer { curl_easy_cleanup(handle) }
    var list: UnsafeMutablePointer<curl_slist>?
    defer { curl_slist_free_all(list) }
    for header in headers + ["Expect:"] {
      guard let longer = curl_slist_append(list, header) else { return .nothing("out of memory") }
      list = longer
    }
    var received = 0
    var message = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
    return body.withUnsafeBytes { body in
      withUnsafeMutablePointer(to: &received) { received in
        message.withUnsafeMutableBufferPointer { message in
          if let refused = set(up: handle, list, body, received, message.baseAddress) {
            return .nothing(String(cString: curl_easy_strerror(refused)))
          }
          let code = curl_easy_perform(handle)
          let status = ccurl_status(handle)
          // A body that is too long or late changes nothing of a status that is there.
          if status >= 200 { return .status(status) }
          let words = message.first == 0 ? curl_easy_strerror(code) : UnsafePointer(message.baseAddress)
          return .nothing(words.map { String(cString: $0) } ?? "error \(code.rawValue)")
        }
      }
    }
  }

  /// The first option that libcurl refused, if any.
  private func set(
    up handle: UnsafeMutableRawPointer, _ headers: UnsafeMutablePointer<curl_slist>?, _ body: UnsafeRawBufferPointer,
    _ received: UnsafeMutablePointer<Int>, _ message: UnsafeMutablePointer<CChar>?
  ) -> CURLcode? {
    let (seconds, attoseconds) = patience.components
    let milliseconds = Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
    var codes = [
      ccurl_set_text(handle, CURLOPT_URL, url), ccurl_set_web_only(handle),
      ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, message),
      ccurl_set_number(handle, CURLOPT_POST, 1),
      ccurl_set_pointer(handle, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: body.baseAddress)),
      ccurl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, Int64(body.count)),
      ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, headers),
      ccurl_set_text(handle, CURLOPT_USERAGENT, "streamsocial-monitor"),
      ccurl_set_number(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)),
      ccurl_set_number(handle, CURLOPT_FOLLOWLOCATION, 0),
      ccurl_set_number(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
      ccurl_set_number(handle, CURLOPT_SSL_VERIFYPEER, 1), ccurl_set_number(handle, CURLOPT_SSL_VERIFYHOST, 2),
      ccurl_set_number(handle, CURLOPT_TIMEOUT_MS, milliseconds),
      // A process with threads: no signal ends a look-up of a name.
      ccurl_set_number(handle, CURLOPT_NOSIGNAL, 1),
      ccurl_set_pointer(handle, CURLOPT_WRITEDATA, received),
      ccurl_set_receiver(handle) { _, size, count, context in
        guard let seen = context?.assumingMemoryBound(to: Int.self) else { return 0 }
        seen.pointee += size * count
        return seen.pointee <= WebPost.answerBytesMax ? size * count : 0
      },
    ]
    if let authorities {
      codes.append(ccurl_set_text(handle, CURLOPT_CAINFO, authorities))
      codes.append(ccurl_set_pointer(handle, CURLOPT_CAPATH, nil))
    }
    return codes.first { $0 != CURLE_OK }
  }

  /// Once in the process, before any other use.
  private static let isReady = ccurl_global_init() == CURLE_OK
}
