import CommandLineTool

extension DemoResult {
  /// One object for programs; times in milliseconds, null where there is nothing to say.
  public var json: JSON {
    func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
    func latency(_ summary: LatencySummary?) -> JSON {
      [
        "p50": number(summary?.p50), "p99": number(summary?.p99), "p999": number(summary?.p999),
        "max": number(summary?.max),
      ]
    }
    return [
      "engine": .string(options.cluster.engine.rawValue), "verdict": .string(passes ? "pass" : "fail"),
      "reasons": .array((brokenInvariants + missedObjectives).map { .string($0) }),
      "notes": .array(notes.map { .string($0) }),
      "seed": .string("\(options.seed)"), "rate": .integer(options.rate),
      "duration_seconds": .integer(options.durationSeconds), "kill": .string(options.kill.text),
      "victim": victim.map { .integer(Int($0)) } ?? .null,
      "sent": .integer(findings.sent), "acknowledged": .integer(findings.acknowledged),
      "unknown": .integer(findings.unknown), "lost": .integer(findings.lost),
      "duplicated": .integer(findings.duplicated), "reordered": .integer(findings.reordered),
      "conflicting": .integer(findings.conflicting), "corrupted": .integer(findings.corrupted),
      "foreign": .integer(findings.foreign),
      "groups": .object(findings.missed.map { ($0.group, ["missed": .integer($0.events)]) }),
      "detect_ms": number(detectMilliseconds), "elect_ms": number(electMilliseconds),
      "restore_ms": number(measurements.restoreMilliseconds), "in_sync_ms": number(inSyncMilliseconds),
      "longest_gap_ms": .number(measurements.longestGapMilliseconds), "worst_second_share": number(worstSecondShare),
      "acknowledged_each_second": .array(measurements.perSecond.map { .integer($0) }),
      "resident_bytes_max": residentBytesMax.map { .integer(Int($0)) } ?? .null,
      "broker_cpu_seconds": number(brokerCPUSeconds), "ready_ms": .number(readyMilliseconds),
      "start_ms": number(startMilliseconds), "shutdown_ms": number(shutdownMilliseconds),
      "generator_late_ms": .number(generatorLateMilliseconds),
      "kill_at_s": number(killAtSeconds), "restart_at_s": number(restartAtSeconds),
      "latency_ms": [
        "before": latency(measurements.before), "during": latency(measurements.during),
        "after": latency(measurements.after),
      ],
    ]
  }
}
