import ClusterHost
import KafkaClient
import Social

/// The demo's fault: one broker dies at a third of the run and comes back at two thirds.
struct Faults {
  struct Times: Sendable {
    var kill: Moment?
    var restart: Moment?
  }

  private let run: DemoRun
  private let load: LoadThread

  init(_ run: DemoRun, load: LoadThread) {
    self.run = run
    self.load = load
  }

  /// Carries it out beside the load, which goes on by itself; returns when the broker is back, at the latest some time
  /// after the end of the load.
  func inject(into result: inout DemoResult, _ show: (String) -> Void) async throws -> Times {
    var times = Times()
    guard run.options.kill != .none else { return times }
    guard run.engine.canInjectFaults else { return times }
    let third = Int64(run.options.durationSeconds) * 1_000_000_000 / 3
    await wait(until: load.start + third, "producing", show)

    guard let victim = try await livingVictim(&result) else {
      await wait(until: load.start + 3 * third, "producing", show)
      return times
    }
    let survivors = run.engine.brokerIDs.filter { $0 != victim }.compactMap { address(of: $0) }
    run.sampleProcesses()
    let kill = MonotonicClock.nanoseconds
    run.surprises.expect(victim)
    do throws(ClusterError) { try run.engine.kill(victim) } catch {
      result.notes.append("broker \(victim) ended before its turn: \(error)")
      await wait(until: load.start + 3 * third, "producing", show)
      return times
    }
    times.kill = kill
    run.tell(.killed(victim))
    result.victim = victim
    result.killAtSeconds = kill.milliseconds(since: load.start) / 1000
    let failover = Task { await ClusterWatch(servers: survivors, limit: DemoRun.limit).failover(from: victim) }
    await wait(until: load.start + 2 * third, "broker \(victim) killed", show)

    let restart = MonotonicClock.nanoseconds
    times.restart = restart
    run.tell(.restarted(victim))
    result.restartAtSeconds = restart.milliseconds(since: load.start) / 1000
    let inSync = Task { await ClusterWatch(servers: survivors, limit: DemoRun.limit).allInSync() }
    if run.engine.processID(of: victim) == nil {
      try await run.engine.startBroker(victim)
      result.startMilliseconds = MonotonicClock.nanoseconds.milliseconds(since: restart)
    } else {
      result.notes.append("broker \(victim) had been started before its turn")
    }
    await wait(until: load.start + 3 * third, "broker \(victim) restarted", show)
    result.inSyncMilliseconds = await inSync.value?.milliseconds(since: restart)
    failover.cancel()
    let seen = await failover.value
    result.detectMilliseconds = seen.detected?.milliseconds(since: kill)
    result.electMilliseconds = seen.elected?.milliseconds(since: kill)
    return times
  }

  /// The broker to kill; nil when somebody else was quicker, which leaves nothing to kill.
  private func livingVictim(_ result: inout DemoResult) async throws -> Int32? {
    do {
      let victim = try await victim()
      if run.engine.processID(of: victim) != nil { return victim }
      result.notes.append("broker \(victim), whose turn it was, did not run: nobody was killed by the schedule")
    } catch {
      // With a whole cluster this is a fault of its own; in one that somebody is breaking it is to be expected.
      guard run.surprises.haveHappened else { throw error }
      result.notes.append("nobody was killed by the schedule: \(error)")
    }
    return nil
  }

  private func wait(until moment: Moment, _ phase: String, _ show: (String) -> Void) async {
    while MonotonicClock.nanoseconds < moment, !load.hasEnded {
      show(phase)
      let rest = min(100_000_000, max(0, moment - MonotonicClock.nanoseconds))
      try? await Task.sleep(for: .nanoseconds(rest))
    }
  }

  private func address(of broker: Int32) -> ServerAddress? {
    ServerAddress(host: "127.0.0.1", port: UInt16(clamping: run.options.cluster.clientPort(of: broker)))
  }

  /// The broker that has the role now.
  private func victim() async throws -> Int32 {
    let servers = run.engine.bootstrapServers
    let ids = run.engine.brokerIDs
    let chosen: Int32
    switch run.options.kill {
    case .broker(let id): chosen = id
    case .leader: chosen = try await userActions(servers).leader
    case .controller: chosen = try await ClusterInspection.status(ofServers: servers).controller
    case .coordinator:
      chosen = try await coordinator(servers)
    case .follower:
      let partition = try await userActions(servers)
      let controller = try await ClusterInspection.status(ofServers: servers).controller
      let followers = partition.replicas.filter { $0 != partition.leader }
      chosen = followers.first { $0 != controller } ?? followers.first ?? -1
    case .none: chosen = -1
    }
    guard ids.contains(chosen) else {
      throw LabError("no broker has the role \(run.options.kill.text) (got \(chosen))")
    }
    return chosen
  }

  /// The first to ask for a coordinator makes the cluster create its topic, and is told to come back.
  private func coordinator(_ servers: String) async throws -> Int32 {
    let connection = try await AdminConnection.connect(toAnyOf: servers)
    let deadline = ContinuousClock.now + DemoRun.limit
    while true {
      do throws(AdminError) {
        return try await connection.coordinator(of: DemoOptions.groups[0]).id
      } catch {
        guard case .refused(code: .coordinatorNotAvailable, _) = error, ContinuousClock.now < deadline else {
          throw error
        }
        try await Task.sleep(for: .milliseconds(50))
      }
    }
  }

  private func userActions(_ servers: String) async throws -> TopicDescription.Partition {
    let topics = try await AdminConnection.connect(toAnyOf: servers).topics(named: [SocialTopic.userActions.name])
    guard let partition = topics.first?.partitions.first else { throw LabError("user-actions has no partitions") }
    return partition
  }
}
