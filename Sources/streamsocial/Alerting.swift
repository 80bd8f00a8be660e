import ClusterHost
import CommandLineTool
import Monitor

/// What every command that watches for long lets one say about alerts: when they fire, and who hears of it.
enum Alerting {
  static let settings = Option.repeated(
    "alert-setting", "RULE.KEY=VALUE", kind: .keyValue,
    help: "When an alert fires or clears: BrokerLeft.after=10min, DiskSpace.limit=20GiB; see docs/operations.md")
  static let webhook = Option.repeated("webhook", "URL", help: "Where alerts are sent, as JSON: https:// or http://")
  static let webhookKey = Option.text(
    "webhook-key-file", "FILE", default: "", kind: .path, help: "Signs what is sent to webhooks (HMAC-SHA256)")
  static let webhookAuthorities = Option.text(
    "webhook-ca-file", "FILE", default: "", kind: .path,
    help: "Certificates (PEM) that vouch for https:// webhooks, instead of the system's")

  /// `top` sends nothing, and takes the settings alone.
  static let options: [OptionSpec] = [settings.spec, webhook.spec, webhookKey.spec, webhookAuthorities.spec]

  static func applySettings(_ arguments: Arguments, to options: inout MonitorOptions) throws {
    for text in arguments[settings] {
      do throws(AlertSettings.Fault) { try options.alerts.set(text) } catch {
        throw UsageError("--alert-setting: \(error)", path: arguments.path)
      }
    }
  }

  static func apply(_ arguments: Arguments, to options: inout MonitorOptions) throws {
    try applySettings(arguments, to: &options)
    options.webhooks = try arguments[webhook].map { text in
      guard let target = WebhookTarget(text) else {
        throw UsageError(
          "--webhook has the form https://host[:port]/path or http://…; got “\(text)”", path: arguments.path)
      }
      return target
    }
    options.webhookKey = try secret(arguments[webhookKey], of: "--webhook-key-file", arguments) ?? []
    if !arguments[webhookAuthorities].isEmpty {
      _ = try secret(arguments[webhookAuthorities], of: "--webhook-ca-file", arguments)
      options.webhookAuthorities = arguments[webhookAuthorities]
    }
    options.webhookTrouble = { Terminal.printError("streamsocial: \($0)") }
  }

  /// Says what is wrong with them, for what takes a while before it watches.
  static func check(_ arguments: Arguments) throws {
    var options = MonitorOptions(bootstrapServers: "")
    try apply(arguments, to: &options)
  }

  /// The words that hand them on to another process of ours.
  static func words(_ arguments: Arguments) -> [String] {
    var words = arguments[settings].flatMap { ["--alert-setting", $0] }
    words += arguments[webhook].flatMap { ["--webhook", $0] }
    if arguments.has(webhookKey) { words += ["--webhook-key-file", arguments[webhookKey]] }
    if arguments.has(webhookAuthorities) { words += ["--webhook-ca-file", arguments[webhookAuthorities]] }
    return words
  }

  /// A file's first line; nil when no file is named.
  static func secret(_ path: String, of option: String, _ arguments: Arguments) throws -> [UInt8]? {
    guard !path.isEmpty else { return nil }
    guard let bytes = SecretFile.read(path) else {
      throw UsageError("\(option): there is no file \(path)", path: arguments.path)
    }
    guard !bytes.isEmpty else { throw UsageError("\(option): \(path) is empty", path: arguments.path) }
    return bytes
  }
}
