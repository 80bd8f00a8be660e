import CommandLineTool

/// Rules about one broker each.
extension AlertRule {
  static func brokerDown(_ context: Context) -> [Finding]? {
    brokers(context) { broker in
      guard broker.state == .failed else { return broker.state == .unknown ? .unknown() : .well() }
      let away = Phrase.time(Double(context.model.at - broker.stateSince))
      let load = broker.leaders > 0 ? ", leader of \(Phrase.count(broker.leaders, "partition"))" : ""
      let action =
        broker.transition == BrokerMemory.paused
        ? "let it go on: `\(context.commands.here("resume \(broker.id)"))`"
        : "start it again: `\(context.commands.here("start \(broker.id)"))` (its service when it runs elsewhere); "
          + "broker-\(broker.id)/broker.log says why it went"
      return .bad(
        nil, "broker \(broker.id)\(place(broker))\(load): \(broker.transition), for \(away)", action)
    }
  }

  static func brokerLeft(_ context: Context) -> [Finding]? {
    brokers(context) { broker in
      guard broker.state == .shutdown else { return broker.state == .unknown ? .unknown() : .well() }
      return .bad(
        nil, "broker \(broker.id)\(place(broker)) was shut down and has not come back",
        "start it when its maintenance is over: `\(context.commands.here("start \(broker.id)"))`")
    }
  }

  static func brokerNotRecovering(_ context: Context) -> [Finding]? {
    brokers(context) { broker in
      switch broker.state {
      case .unknown: return .unknown()
      case .starting, .recovering, .leaderElection:
        let since = Phrase.time(Double(context.model.at - broker.stateSince))
        let behind = broker.replicas - broker.inSyncReplicas
        return .bad(
          nil,
          "broker \(broker.id) is \(broker.state.rawValue) since \(since): \(broker.transition)"
            + (behind > 0 ? "; \(behind) of its \(Phrase.count(broker.replicas, "replica")) not in sync" : ""),
          "read broker-\(broker.id)/broker.log; when it only copies, wait, and give it network and disk: "
            + context.command("status"))
      case .running, .shutdown, .failed: return .well()
      }
    }
  }

  static func canaryFailing(_ context: Context) -> [Finding]? {
    brokers(context) { broker in
      // A broker that is gone has an alert of its own.
      if broker.state == .failed || broker.state == .shutdown { return .well() }
      guard let probe = context.model.canary.brokers.first(where: { $0.id == broker.id }), let ok = probe.ok else {
        return .unknown()
      }
      if ok { return .well() }
      let error = probe.error ?? probe.produceMilliseconds.map { "no answer for \(Phrase.time($0))" } ?? "no answer"
      var finding = Finding.bad(
        nil, "writing and reading back through broker \(broker.id) fails: \(error)",
        error.hasPrefix("NOT_ENOUGH_REPLICAS")
          ? "too few replicas are in sync; bring the missing brokers back: " + context.command("status")
          : "users of this broker feel the same; see whether it is paused or cut off, and its log "
            + "broker-\(broker.id)/broker.log: " + context.command("status"))
      // A change of leader passes; too few replicas for a write stay so until somebody brings a broker back.
      finding.isCertain = (context.model.partitions.underMinISR ?? 0) > 0
      return finding
    }
  }

  static func canarySlow(_ context: Context) -> [Finding]? {
    guard let p99 = context.model.canary.producePercentile99 else { return nil }
    let limit = context.settings.canaryPercentile99
    // Between 80 % of the limit and the limit nothing changes.
    guard p99 > limit else { return p99 > limit * 0.8 ? [.unknown()] : [.well()] }
    let slowest = context.model.canary.brokers.max { ($0.produceMilliseconds ?? 0) < ($1.produceMilliseconds ?? 0) }
    let who = slowest.flatMap { broker in
      broker.produceMilliseconds.map { "; slowest now: broker \(broker.id) with \(Phrase.time($0))" }
    }
    return [
      .bad(
        nil, "acks=all writes take \(Phrase.time(p99)) (p99 of ten seconds, limit \(Phrase.time(limit)))\(who ?? "")",
        "look at disk and CPU of the slowest broker, and whether a replica lags: " + context.command("top"))
    ]
  }

  static func diskSpace(_ context: Context) -> [Finding]? {
    brokers(context) { broker in
      guard let free = broker.diskFreeBytes else { return .unknown() }
      let limit = context.settings.diskFreeBytes
      // Between the limit and a tenth more nothing changes.
      guard free < limit else { return free < limit + limit / 10 ? .unknown() : .well() }
      let used = broker.diskUsedBytes.map { ", its logs have \(Phrase.bytes(Double($0)))" } ?? ""
      return .bad(
        nil, "broker \(broker.id) has \(Phrase.bytes(Double(free))) of disk left\(used)",
        "shorten a large topic's retention (`\(context.commands.program) topics alter TOPIC --config retention.ms=…`) or enlarge the "
          + "disk; a broker whose disk is full stops")
    }
  }

  static func logDirectoryOffline(_ context: Context) -> [Finding]? {
    if let reason = context.reason("log-directory-offline") {
      return [
        .bad(
          nil, reason.text,
          "look at the disk (`dmesg`, `df`), mend or replace it, and start the broker again: it copies what it lost")
      ]
    }
    let alive = context.model.brokers.filter { $0.state != .failed && $0.state != .shutdown }
    return !alive.isEmpty && alive.allSatisfy { $0.lostLogDirectories != nil } ? [.well()] : nil
  }

  static func metricsStale(_ context: Context) -> [Finding]? {
    if context.model.verdict.word == .unknown { return nil }
    guard let reason = context.reason("stale-metrics") else { return [.well()] }
    return [
      .bad(
        nil, reason.text,
        "figures of that broker are shown as unknown; see whether its metrics port answers: "
          + "`curl http://HOST:PORT/metrics`")
    ]
  }

  /// A finding for each broker. Nil while the cluster cannot be asked.
  private static func brokers(_ context: Context, _ finding: (BrokerView) -> Finding) -> [Finding]? {
    if context.model.verdict.word == .unknown { return nil }
    return context.model.brokers.map { broker in
      var result = finding(broker)
      result.subject = "broker \(broker.id)"
      return result
    }
  }

  private static func place(_ broker: BrokerView) -> String {
    guard let host = broker.host, let port = broker.port else { return "" }
    return " (\(Phrase.clean(host)):\(port))"
  }
}
