import CommandLineTool

/// One alert that fired or cleared, as a receiver gets it.
struct WebhookDelivery: Sendable, Equatable {
  /// The same for every try of this delivery, so that a receiver can tell that it has it already.
  var id: String
  var body: [UInt8]

  init(_ alert: Alert, _ model: ClusterModel) {
    let event = alert.state == .firing ? "fired" : "cleared"
    id = "\(alert.id)-\(event)-\(model.at)"
    func time(_ value: Int64?) -> JSON { value.map { .integer(Int($0)) } ?? .null }
    func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
    let json: JSON = [
      "version": 1, "event": .string(event), "at": .integer(Int(model.at)),
      "cluster": ["id": text(model.clusterID), "bootstrapServers": .string(model.bootstrapServers)],
      "verdict": ["word": .string(model.verdict.word.rawValue), "sentence": .string(model.verdict.sentence)],
      "alert": [
        "id": .string(alert.id), "name": .string(alert.name), "severity": .string(alert.severity.rawValue),
        "state": .string(alert.state.rawValue), "subject": text(alert.subject), "summary": .string(alert.summary),
        "action": .string(alert.action), "firedAt": time(alert.firedAt), "clearedAt": time(alert.clearedAt),
        "acknowledgedBy": text(alert.acknowledgedBy),
      ],
    ]
    body = Array(json.text().utf8)
  }
}
