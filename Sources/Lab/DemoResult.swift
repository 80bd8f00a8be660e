import Checker
import CommandLineTool

/// All that a demo found out.
public struct DemoResult: Sendable, Equatable {
  public var options: DemoOptions
  public var findings = Findings()
  public var measurements = Measurements()
  /// Which broker died; nil when none did.
  public var victim: Int32?
  /// Start of the cluster until all topics were there with their leaders.
  public var readyMilliseconds: Double = 0
  public var killAtSeconds: Double?
  public var restartAtSeconds: Double?
  public var detectMilliseconds: Double?
  public var electMilliseconds: Double?
  /// Restart until its process accepted connections.
  public var startMilliseconds: Double?
  /// Restart until all replicas were in sync.
  public var inSyncMilliseconds: Double?
  public var shutdownMilliseconds: Double?
  public var residentBytesMax: Int64?
  public var brokerCPUSeconds: Double?
  /// How late the generator itself was, at worst.
  public var generatorLateMilliseconds: Double = 0
  /// What else went wrong: a client that gave up, a log that could not be read to its end.
  public var troubles: [String] = []

  /// What happened beside the schedule, by hand or by itself: brokers that ended, were found dead, were started again.
  public var notes: [String] = []

  package init(_ options: DemoOptions) { self.options = options }

  /// The worst second of the run as a share of the rate.
  public var worstSecondShare: Double? { measurements.worstShare(rate: options.rate) }

  /// What must hold under any fault and did not.
  public var brokenInvariants: [String] {
    func fault(_ count: Int, _ what: String) -> String? { count > 0 ? "\(Text.grouped(count)) \(what)" : nil }
    let faults = [
      fault(findings.lost, "acknowledged events are lost"), fault(findings.duplicated, "events are duplicated"),
      fault(findings.reordered, "events are out of their key's order"),
      fault(findings.conflicting, "offsets have two values"),
      fault(findings.corrupted, "records are not what was sent"),
    ]
    return faults.compactMap { $0 }
      + findings.missed.compactMap { fault($0.events, "acknowledged events were not seen by \($0.group)") }
  }

  /// What was promised of speed and not kept.
  public var missedObjectives: [String] {
    var missed = troubles
    if findings.acknowledged == 0 { missed.append("nothing was acknowledged") }
    guard victim != nil else { return missed }
    guard let restore = measurements.restoreMilliseconds else { return missed + ["not all partitions recovered"] }
    if restore >= 30_000 { missed.append("recovery took \(Text.fixed(restore / 1000, 1)) s, not less than 30 s") }
    if let killAtSeconds {
      // Seconds that began after recovery.
      let first = Int((killAtSeconds + restore / 1000).rounded(.up))
      if let share = measurements.worstShare(rate: options.rate, from: first), share < 0.5 {
        missed.append("a second after recovery had \(Text.fixed(share * 100, 0)) % of the rate, not half of it")
      }
    }
    return missed
  }

  public var passes: Bool { findings.holds && brokenInvariants.isEmpty && missedObjectives.isEmpty }

  public var exitCode: ExitCode {
    if !brokenInvariants.isEmpty { return .invariantViolated }
    return missedObjectives.isEmpty ? .success : .objectiveMissed
  }
}
