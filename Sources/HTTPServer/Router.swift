/// Routes by method and pattern.
struct Router {
  enum Outcome {
    case found(HTTPServer.Handler, parameters: [String: String])
    /// The path is known, the method is not; what `Allow` must say.
    case methodNotAllowed(allow: String)
    case notFound
  }

  private enum Segment {
    case literal(String)
    case parameter(String)
  }

  private struct Route {
    var method: HTTPMethod
    var segments: [Segment]
    var handler: HTTPServer.Handler
    var parameterCount: Int
  }

  private var routes: [Route] = []

  mutating func add(_ method: HTTPMethod, _ pattern: String, _ handler: @escaping HTTPServer.Handler) {
    let segments = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { part in
      part.hasPrefix("{") && part.hasSuffix("}")
        ? Segment.parameter(String(part.dropFirst().dropLast())) : Segment.literal(String(part))
    }
    let parameterCount = segments.filter { if case .parameter = $0 { true } else { false } }.count
    // Kept in order of how exact they are, so that the first match is the best.
    let position = routes.firstIndex { $0.parameterCount > parameterCount } ?? routes.endIndex
    routes.insert(
      Route(method: method, segments: segments, handler: handler, parameterCount: parameterCount), at: position)
  }

  func find(_ method: HTTPMethod, _ segments: [String]) -> Outcome {
    var allowed: [String] = []
    for route in routes {
      guard let parameters = Self.match(route.segments, segments) else { continue }
      if route.method == method || method == .head && route.method == .get {
        return .found(route.handler, parameters: parameters)
      }
      allowed.append(route.method.name)
      if route.method == .get { allowed.append(HTTPMethod.head.name) }
    }
    guard !allowed.isEmpty else { return .notFound }
    var unique: [String] = []
    for name in allowed where !unique.contains(name) { unique.append(name) }
    return .methodNotAllowed(allow: unique.joined(separator: ", "))
  }

  private static func match(_ pattern: [Segment], _ path: [String]) -> [String: String]? {
    guard pattern.count == path.count else { return nil }
    var parameters: [String: String] = [:]
    for (segment, value) in zip(pattern, path) {
      switch segment {
      case .literal(let text): guard text == value else { return nil }
      case .parameter(let name):
        guard !value.isEmpty, value != ".", value != ".." else { return nil }
        parameters[name] = value
      }
    }
    return parameters
  }
}
