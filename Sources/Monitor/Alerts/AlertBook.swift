/// Judges one model after another and keeps the book of alerts: what fires, since when, what was, what is silenced.
///
/// A pure core: the caller gives the time, and the same models give the same alerts. Each rule (`AlertRule.all`) goes,
/// for each of its subjects, through:
///
/// | from | to | when |
/// |---|---|---|
/// | well | pending | the condition holds |
/// | pending | well | it does not hold, or is unknown: what was not seen to last has not lasted |
/// | pending | firing | it held in every model for the rule's `firesAfter`, or it is certain not to pass by itself |
/// | firing | cleared | it did not hold in any model for the rule's `clearsAfter`; unknown starts that time again |
/// | cleared | firing | as from well; within `reopensWithin` it is the same alert again, which then takes twice as long to clear |
public struct AlertBook: Sendable {
  /// What comes back this soon after it cleared is the same alert. Milliseconds.
  static let reopensWithin: Int64 = 300_000
  /// However often it comes and goes, this long well clears it. Milliseconds.
  static let clearsAfterMax: Int64 = 300_000

  public let settings: AlertSettings
  public let commands: LocalCommands
  /// What `judge` last said, with acknowledgements and silences since.
  public private(set) var list = AlertList()
  /// What fired or cleared in the latest `judge`, in that order: for webhooks and the timeline. An alert whose silence
  /// ended while it fires is told (again) as one that fires.
  public private(set) var changes: [Alert] = []

  /// By rule, then subject.
  private var watches: [Key: Watch] = [:]
  private var silences: [String: Int64] = [:]
  private var alertsMade = 0
  private var controllerChanges: [Int64] = []
  private var lastController: Int32?

  private struct Key: Hashable, Comparable {
    var rule: Int
    var subject: String
    static func < (a: Key, b: Key) -> Bool { (a.rule, a.subject) < (b.rule, b.subject) }
  }

  private struct Watch {
    /// While pending or firing: since when the condition holds without a break.
    var badSince: Int64?
    /// While firing: since when it does not hold, without a break.
    var wellSince: Int64?
    /// The alert that fires, or that cleared not long ago.
    var alert: Alert?
    /// It fires, and was silenced when it last might have been told.
    var isUntold = false
    var reopenings = 0

    var isFiring: Bool { alert?.state == .firing }
  }

  public init(settings: AlertSettings = AlertSettings(), commands: LocalCommands = LocalCommands()) {
    self.settings = settings
    self.commands = commands
  }

  /// Takes in the model of one round. `at`: milliseconds since 1970.
  public mutating func judge(_ model: ClusterModel, at: Int64) -> AlertList {
    changes = []
    countControllerChange(model.controller.id, at: at)
    silences = silences.filter { $0.value > at }
    let context = AlertRule.Context(
      model: model, settings: settings, commands: commands, controllerChanges: controllerChanges.count)
    for (number, rule) in AlertRule.all.enumerated() { judge(rule, number, context, at: at) }
    tellWhatWasSilenced()
    changes.sort { $0.state == .firing && $1.state == .cleared }
    rebuild()
    return list
  }

  /// Someone takes care of it. False when no alert of that id fires.
  public mutating func acknowledge(id: String, by who: String, at: Int64) -> Bool {
    guard
      let key = watches.keys.sorted().first(where: { watches[$0]?.alert?.id == id && watches[$0]?.isFiring == true })
    else { return false }
    watches[key]?.alert?.acknowledgedAt = at
    watches[key]?.alert?.acknowledgedBy = who
    rebuild()
    return true
  }

  /// Silences all alerts of a name until then, present and future ones; nil ends it.
  public mutating func silence(named name: String, until: Int64?) {
    silences[name] = until
    rebuild()
  }

  private mutating func judge(_ rule: AlertRule, _ number: Int, _ context: AlertRule.Context, at: Int64) {
    let findings = rule.judge(context)
    var named: Set<String> = []
    for finding in findings ?? [] {
      let key = Key(rule: number, subject: finding.subject ?? "")
      named.insert(key.subject)
      note(finding, rule, key, at: at)
    }
    // Whoever is watched and not named: well, or unknown when the rule knows nothing at all.
    for key in watches.keys.sorted() where key.rule == number && !named.contains(key.subject) {
      note(findings == nil ? .unknown() : .well(), rule, key, at: at)
    }
  }

  private mutating func note(_ finding: AlertRule.Finding, _ rule: AlertRule, _ key: Key, at: Int64) {
    var watch = watches[key] ?? Watch()
    switch (finding.isBad, watch.isFiring) {
    case (true?, true):
      watch.wellSince = nil
      watch.alert?.summary = finding.summary
      watch.alert?.action = finding.action
    case (true?, false):
      let since = watch.badSince ?? at
      watch.badSince = since
      let patience = settings.firesAfter[rule.name] ?? rule.firesAfter
      if finding.isCertain || at - since >= patience { fire(finding, rule, &watch, at: at) }
    case (false?, true):
      let since = watch.wellSince ?? at
      watch.wellSince = since
      let once = settings.clearsAfter[rule.name] ?? rule.clearsAfter
      let patience = max(once, min(once << min(watch.reopenings, 10), Self.clearsAfterMax))
      if at - since >= patience { clear(rule, &watch, at: at) }
    case (nil, true): watch.wellSince = nil
    case (_, false): watch.badSince = nil
    }
    let isOver = !watch.isFiring && watch.badSince == nil
    let isForgotten = watch.alert?.clearedAt.map { at - $0 > Self.reopensWithin } ?? true
    watches[key] = isOver && isForgotten ? nil : watch
  }

  private mutating func fire(_ finding: AlertRule.Finding, _ rule: AlertRule, _ watch: inout Watch, at: Int64) {
    if var alert = watch.alert {
      list.history.removeAll { $0.id == alert.id }
      alert.state = .firing
      alert.clearedAt = nil
      alert.summary = finding.summary
      alert.action = finding.action
      watch.reopenings += 1
      watch.alert = alert
    } else {
      alertsMade += 1
      watch.alert = Alert(
        id: "a\(alertsMade)", name: rule.name, severity: rule.severity, state: .firing, summary: finding.summary,
        action: finding.action, subject: finding.subject, firedAt: at)
    }
    watch.alert?.silencedUntil = silences[rule.name]
    watch.isUntold = silences[rule.name] != nil
    watch.wellSince = nil
    if let alert = watch.alert { changes.append(alert) }
  }

  private mutating func clear(_ rule: AlertRule, _ watch: inout Watch, at: Int64) {
    watch.badSince = nil
    watch.wellSince = nil
    watch.alert?.state = .cleared
    watch.alert?.clearedAt = at
    watch.alert?.silencedUntil = silences[rule.name]
    watch.isUntold = false
    guard let alert = watch.alert else { return }
    changes.append(alert)
    list.history.insert(alert, at: 0)
    if list.history.count > settings.historyMax { list.history.removeLast(list.history.count - settings.historyMax) }
  }

  /// Silences that are over: what fires still is told now.
  private mutating func tellWhatWasSilenced() {
    for key in watches.keys.sorted() {
      guard var watch = watches[key], watch.isFiring, watch.isUntold, var alert = watch.alert,
        silences[alert.name] == nil
      else { continue }
      alert.silencedUntil = nil
      watch.isUntold = false
      watch.alert = alert
      watches[key] = watch
      changes.append(alert)
    }
  }

  private mutating func countControllerChange(_ controller: Int32?, at: Int64) {
    controllerChanges.removeAll { at - $0 > settings.controllerWindow }
    guard let controller else { return }
    if let last = lastController, last != controller { controllerChanges.append(at) }
    lastController = controller
  }

  private mutating func rebuild() {
    var firing: [(number: Int, alert: Alert)] = []
    for key in watches.keys.sorted() {
      guard let watch = watches[key], watch.isFiring, var alert = watch.alert else { continue }
      alert.silencedUntil = silences[alert.name]
      if alert.silencedUntil != nil { watches[key]?.isUntold = true }
      watches[key]?.alert = alert
      firing.append((key.rule, alert))
    }
    // Most severe first, then newest, then as the table has them.
    firing.sort { a, b in
      if a.alert.severity != b.alert.severity { return a.alert.severity > b.alert.severity }
      if a.alert.firedAt != b.alert.firedAt { return a.alert.firedAt > b.alert.firedAt }
      return (a.number, a.alert.subject ?? "") < (b.number, b.alert.subject ?? "")
    }
    list.firing = firing.map(\.alert)
  }
}
