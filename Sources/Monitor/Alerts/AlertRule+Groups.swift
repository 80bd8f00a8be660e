import CommandLineTool

/// Rules about one consumer group each.
extension AlertRule {
  static func groupStopped(_ context: Context) -> [Finding]? {
    groups(context) { group in
      guard group.progress == .stopped else { return group.progress == .unknown ? .unknown() : .well() }
      return .bad(
        nil, "\(title(group)) has no member left and commits no more\(behind(group))",
        "start its consumers, or delete the group when nobody needs it: " + describe(group, context))
    }
  }

  static func groupStalled(_ context: Context) -> [Finding]? {
    groups(context) { group in
      guard group.progress == .stalled else { return group.progress == .unknown ? .unknown() : .well() }
      return .bad(
        nil, "\(title(group)) has members and commits nothing new\(behind(group))",
        "a consumer that hangs, or an event that it cannot handle; look at the partition that stands: "
          + describe(group, context))
    }
  }

  static func groupLagGrowing(_ context: Context) -> [Finding]? {
    groups(context) { group in
      // A group that stands still has an alert of its own.
      if group.progress == .stopped || group.progress == .stalled { return .well() }
      guard let age = group.lagMilliseconds, let trend = group.lagTrendPerSecond else { return .unknown() }
      guard age > context.settings.lagMilliseconds, trend > 0 else { return .well() }
      return .bad(
        nil, "\(title(group)) falls behind by \(Text.number(trend, digits: 0)) events a second\(behind(group))",
        "add consumers, up to one for each partition, or make them faster: " + describe(group, context))
    }
  }

  /// A finding for each group. Nil while the cluster cannot be asked.
  private static func groups(_ context: Context, _ finding: (GroupView) -> Finding) -> [Finding]? {
    if context.model.verdict.word == .unknown { return nil }
    return context.model.groups.map { group in
      var result = finding(group)
      // As it is, so that two names do not become one; whoever shows it cleans it.
      result.subject = "group \(group.name)"
      return result
    }
  }

  private static func title(_ group: GroupView) -> String { "group \(Phrase.clean(group.name))" }

  private static func behind(_ group: GroupView) -> String {
    guard let lag = group.lag else { return "" }
    let age = group.lagMilliseconds.map { " (\(Phrase.time($0)))" } ?? ""
    return ", \(Phrase.count(Int(clamping: lag), "event")) behind\(age)"
  }

  private static func describe(_ group: GroupView, _ context: Context) -> String {
    context.command("groups describe \(Phrase.word(Phrase.clean(group.name)))")
  }
}
