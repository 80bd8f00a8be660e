import HTTPServer
import KafkaClient
import Monitor

extension DashboardServer {
  func addActionRoutes(_ server: HTTPServer) {
    server.route(.post, "/api/v1/alerts/{id}/acknowledge") { [weak self] request, responder in
      guard let self else { return }
      let id = request.parameters["id"] ?? ""
      let source = source
      guardedAction(responder) {
        struct Body: Decodable { var by: String }
        let by = try APIJSON.decode(Body.self, from: request.body).by
        guard (1...100).contains(by.utf8.count) else {
          throw APIError(400, "bad_body", "“by” says who acknowledges, in at most 100 bytes")
        }
        guard source.acknowledgeAlert(id: id, by: by) else {
          throw APIError(404, "no_alert", "no such alert fires")
        }
        return .done
      }
    }
    server.route(.post, "/api/v1/alerts/silences") { [weak self] request, responder in
      guard let self else { return }
      let source = source
      guardedAction(responder) {
        struct Body: Decodable {
          var name: String
          var minutes: Double
        }
        let body = try APIJSON.decode(Body.self, from: request.body)
        guard (1...100).contains(body.name.utf8.count), (0...10_080).contains(body.minutes) else {
          throw APIError(400, "bad_body", "a name of at most 100 bytes, and 0 to 10,080 minutes")
        }
        let until = WallClock.milliseconds + Int64(body.minutes * 60_000)
        source.silenceAlerts(named: body.name, until: body.minutes > 0 ? until : nil)
        return .done
      }
    }
    for action in BrokerAction.allCases {
      server.route(.post, "/api/v1/brokers/{id}/\(action.rawValue)") { [weak self] request, responder in
        guard let self else { return }
        let id = Int32(request.parameters["id"] ?? "")
        let control = options.controlBroker
        guardedAction(responder) {
          guard let id else { throw APIError(400, "bad_id", "a broker's id is a number") }
          guard let control else {
            throw APIError(
              409, "not_ours", "this dashboard does not run the brokers",
              next: "only `streamsocial up` and `demo` can stop and start them")
          }
          do { try await control(action, id) } catch {
            throw APIError(409, "failed", "broker \(id): \(error)")
          }
          return HTTPResponse(status: 202)
        }
      }
    }
  }

  /// Only when the dashboard may change anything. (Where the request comes from was checked before: `AccessPolicy`.)
  func guardedAction(
    _ responder: HTTPResponder, _ work: @escaping @Sendable () async throws -> HTTPResponse
  ) {
    guard options.allowsActions else {
      responder.respond(
        APIError(
          403, "read_only", "this dashboard only shows", next: "start it with --allow-actions to let it change things"
        ).response)
      return
    }
    later(responder, work)
  }
}
