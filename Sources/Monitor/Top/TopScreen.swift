import CommandLineTool

/// Draws a report for a terminal: what `streamsocial top` shows. Pure; every name from outside is cleaned.
///
/// From top to bottom: the verdict, the facts that matter most, the last minute in small, brokers, alerts that fire
/// with what to do, consumer groups. What is unknown is a question mark. When the terminal is low, groups give way
/// first, then alerts, and it says how many are left out.
public struct TopScreen: Sendable {
  public var width: Int
  public var height: Int
  public var coloured: Bool

  public init(width: Int, height: Int, coloured: Bool) {
    self.width = max(20, width)
    self.height = max(5, height)
    self.coloured = coloured
  }

  /// Lines for the whole screen, at most `height` of them, none wider than `width`. `now`, milliseconds since 1970:
  /// when given and the report is older than three seconds, it is shown as stale.
  public func lines(_ report: MonitorReport, now: Int64? = nil) -> [String] {
    let model = report.model
    var lines = verdict(model, now: now)
    lines += tiles(model)
    lines += TopSparkline.lines(report.timeline, width: width)
    lines.append(TopText())
    lines += brokers(model)
    let alerts = alerts(report.alerts, at: model.at)
    let groups = groups(model)
    let left = height - lines.count
    // Alerts may take what groups do not need, and always at least two thirds.
    let forAlerts = max(left * 2 / 3, left - groups.count - 1)
    for (block, most) in [(alerts, forAlerts), (groups, Int.max)] where !block.isEmpty {
      let room = min(most, height - lines.count) - 1
      guard room >= 2 else { continue }
      lines.append(TopText())
      lines += block.count <= room ? block : block.prefix(room - 1) + [TopText("  … more than fits", .dim)]
    }
    return lines.prefix(height).map { $0.rendered(width: width, coloured: coloured) }
  }

  /// What fires, with what to do; empty when nothing does. `at`: milliseconds since 1970.
  public func lines(_ list: AlertList, at: Int64) -> [String] {
    alerts(list, at: at).map { $0.rendered(width: width, coloured: coloured) }
  }

  // MARK: - Blocks

  private func verdict(_ model: ClusterModel, now: Int64?) -> [TopText] {
    let (icon, style) = Self.look(model.verdict.word)
    var lines = TopText.wrapped("\(icon) \(model.verdict.sentence)", width: width, lines: 3).enumerated().map {
      TopText($0.offset == 0 ? $0.element : "  \($0.element)", style)
    }
    if let now, now - model.at > 3_000 {
      lines.insert(TopText("STALE: nothing new for \(Phrase.time(Double(now - model.at)))", .red), at: 0)
    }
    return lines
  }

  private func tiles(_ model: ClusterModel) -> [TopText] {
    let serving = model.brokers.count(where: \.serves)
    let target = model.traffic.targetPerSecond.map { " of \(Self.figure($0))" } ?? ""
    let tiles: [(text: String, style: Terminal.Style?)] = [
      ("brokers \(serving)/\(model.brokers.count)", serving < model.brokers.count ? .red : nil),
      ("controller \(model.controller.id.map { "\($0)" } ?? "?")", model.controller.id == nil ? .red : nil),
      (
        "tolerates \(Self.count(model.tolerance.failures, "more failure"))",
        model.tolerance.failures == 0 ? .yellow : nil
      ),
      ("offline \(Self.count(model.partitions.offline))", (model.partitions.offline ?? 0) > 0 ? .red : nil),
      (
        "under min ISR \(Self.count(model.partitions.underMinISR))",
        (model.partitions.underMinISR ?? 0) > 0 ? .red : nil
      ),
      (
        "under-replicated \(Self.count(model.partitions.underReplicated))",
        (model.partitions.underReplicated ?? 0) > 0 ? .yellow : nil
      ),
      ("events/s \(Self.figure(model.traffic.eventsInPerSecond))\(target)", nil),
      ("produce p99 \(model.canary.producePercentile99.map { Phrase.time($0) } ?? "?")", nil),
    ]
    var lines: [TopText] = [TopText()]
    var used = 0
    for tile in tiles {
      let size = TopText.columns(tile.text) + (used == 0 ? 0 : 3)
      if used + size > width, used > 0 {
        lines.append(TopText())
        used = 0
      }
      if used > 0 { lines[lines.count - 1].add(" · ", .dim) }
      lines[lines.count - 1].add(tile.text, tile.style)
      used += size
    }
    return lines
  }

  private func brokers(_ model: ClusterModel) -> [TopText] {
    var table = TopTable(
      ["BROKER", "STATE", ">SINCE", "ROLE", ">LEADERS", ">IN SYNC", ">EVENTS/S", ">PRODUCE", ">MEMORY", ">DISK FREE"])
    for broker in model.brokers {
      let probe = model.canary.brokers.first { $0.id == broker.id }
      let role = broker.isController ? "controller" : broker.isVoter == true ? "voter" : ""
      // A round that went through another broker says nothing of this one.
      let time = probe?.ok == nil ? nil : probe?.produceMilliseconds
      let produce = probe?.ok == false ? probe?.error ?? "fails" : time.map { Phrase.time($0) } ?? "?"
      let style: Terminal.Style? =
        switch broker.state {
        case .running: nil
        case .failed: .red
        default: .yellow
        }
      table.add(
        [
          "\(broker.id)", broker.state.rawValue, Phrase.time(Double(max(0, model.at - broker.stateSince))), role,
          "\(broker.leaders)", "\(broker.inSyncReplicas)/\(broker.replicas)", Self.figure(broker.eventsInPerSecond),
          produce, broker.residentBytes.map { Phrase.bytes(Double($0)) } ?? "?",
          broker.diskFreeBytes.map { Phrase.bytes(Double($0)) } ?? "?",
        ], style)
    }
    return table.lines(width: width)
  }

  private func alerts(_ alerts: AlertList, at: Int64) -> [TopText] {
    alerts.firing.flatMap { alert in
      let style: Terminal.Style? = alert.severity == .critical ? .red : alert.severity == .warning ? .yellow : nil
      var line = TopText(alert.severity == .critical ? "✖ " : alert.severity == .warning ? "▲ " : "· ", style)
      line.add(alert.name, style)
      line.add(" for \(Phrase.time(Double(max(0, at - alert.firedAt)))): \(alert.summary)")
      if let who = alert.acknowledgedBy { line.add(" (acknowledged by \(who))", .dim) }
      if alert.silencedUntil != nil { line.add(" (silenced)", .dim) }
      let actions = TopText.wrapped(alert.action, width: width - 4, lines: 2).enumerated().map { number, text in
        var action = TopText(number == 0 ? "  → " : "    ", .dim)
        action.add(text)
        return action
      }
      return [line] + actions
    }
  }

  private func groups(_ model: ClusterModel) -> [TopText] {
    guard !model.groups.isEmpty else { return [] }
    var table = TopTable(["GROUP", "VERDICT", "STATE", ">MEMBERS", ">LAG", ">BEHIND", ">TREND/S", ">DONE IN"])
    let worst = model.groups.sorted { a, b in
      let ranks = (Self.rank(a.progress), Self.rank(b.progress))
      return ranks.0 == ranks.1 ? (a.lag ?? -1, b.name) > (b.lag ?? -1, a.name) : ranks.0 > ranks.1
    }
    for group in worst {
      let style: Terminal.Style? =
        switch group.progress {
        case .ok, .unknown: nil
        case .warn: .yellow
        case .stalled, .stopped: .red
        }
      let trend = group.lagTrendPerSecond.map { ($0 > 0 ? "+" : "") + Text.number($0, digits: 1) } ?? "?"
      table.add(
        [
          group.name, group.progress.rawValue, group.state ?? "?", Self.count(group.members),
          group.lag.map { Text.grouped(Int(clamping: $0)) } ?? "?",
          group.lagMilliseconds.map { Phrase.time($0) } ?? "?", trend,
          group.lag == 0 ? "" : group.timeToClear.map { Phrase.time($0) } ?? "?",
        ], style)
    }
    return table.lines(width: width)
  }

  // MARK: - Words

  static func look(_ word: Verdict.Word) -> (icon: String, style: Terminal.Style) {
    switch word {
    case .healthy: ("✔", .green)
    case .degraded: ("▲", .yellow)
    case .unavailable: ("✖", .red)
    case .unknown: ("?", .bold)
    }
  }

  private static func rank(_ progress: GroupView.Progress) -> Int {
    switch progress {
    case .stopped: 4
    case .stalled: 3
    case .warn: 2
    case .unknown: 1
    case .ok: 0
    }
  }

  static func count(_ number: Int?, _ noun: String? = nil) -> String {
    guard let number else { return noun.map { "? \($0)s" } ?? "?" }
    return noun.map { Phrase.count(number, $0) } ?? Text.grouped(number)
  }

  static func figure(_ value: Double?) -> String {
    guard let value, value.isFinite, let whole = Int(exactly: value.rounded()) else { return "?" }
    return Text.grouped(whole)
  }
}
