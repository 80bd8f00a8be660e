import Testing

@testable import Monitor

/// What is known of disks: from the brokers' own answers and from their metrics pages, each renewed in its own time.
@Suite struct BrokerDiskTests {
  private var cluster = Observations()
  private var health = ClusterHealth(bootstrapServers: "127.0.0.1:9092")

  private mutating func look(_ change: (inout ClusterObservation) -> Void = { _ in }) -> ClusterModel {
    health.observe(cluster.next(change)).model
  }

  private static func told(free: Int64?, used: Int64? = nil, lost: Int = 0) -> ClusterObservation.LogDirectories {
    var directories = ClusterObservation.LogDirectories(broker: 2)
    directories.freeBytes = free
    directories.usedBytes = used
    directories.lost = lost
    return directories
  }

  private static func page(
    free: Int64?, used: Int64? = nil, lost: Int? = nil
  ) -> ClusterObservation.BrokerMetrics {
    var page = ClusterObservation.BrokerMetrics(broker: 2, url: "http://127.0.0.1:9405/metrics")
    page.diskFreeBytes = free.map(Double.init)
    page.diskUsedBytes = used.map(Double.init)
    page.offlineLogDirectories = lost.map(Double.init)
    return page
  }

  private static func reasons(_ model: ClusterModel) -> [String] { model.verdict.reasons.map(\.code) }

  /// Without any metrics page, as on a cluster of strangers.
  @Test mutating func aBrokersOwnWordIsEnough() {
    var model = look { $0.logDirectories = [Self.told(free: 5 << 30, used: 7 << 20)] }
    #expect(model.brokers[1].diskFreeBytes == 5 << 30)
    #expect(model.brokers[1].diskUsedBytes == 7 << 20)
    #expect(model.brokers[1].lostLogDirectories == 0)
    #expect(model.brokers[0].diskFreeBytes == nil && model.brokers[0].lostLogDirectories == nil)
    #expect(model.verdict.word == .healthy && Self.reasons(model) == [])
    model = look { $0.logDirectories = [Self.told(free: 100 << 20)] }
    #expect(model.brokers[1].diskUsedBytes == 7 << 20, "sizes hold until they are asked for again")
    #expect(Self.reasons(model) == ["disk-space"] && model.verdict.word == .healthy)
    model = look { $0.logDirectories = [Self.told(free: 5 << 30, lost: 1)] }
    #expect(Self.reasons(model) == ["log-directory-offline"] && model.verdict.word == .degraded)
    #expect(look { $0.logDirectories = [Self.told(free: 5 << 30)] }.verdict.word == .healthy)
  }

  /// Large pages are read in every fifth round: what they tell must not come and go.
  @Test mutating func whatAPageToldHoldsUntilItIsReadAgain() {
    _ = look { $0.metrics = [Self.page(free: 100 << 20, used: 7, lost: 2)] }
    for _ in 1..<5 {
      let model = look()
      #expect(Self.reasons(model) == ["log-directory-offline", "disk-space"])
      #expect(model.brokers[1].lostLogDirectories == 2 && model.brokers[1].diskUsedBytes == 7)
    }
    let model = look { $0.metrics = [Self.page(free: 5 << 30, used: 7, lost: 0)] }
    #expect(Self.reasons(model) == [])
  }

  @Test mutating func theWordGoesBeforeThePageAndTheWorseNewsCounts() {
    var model = look {
      $0.logDirectories = [Self.told(free: 2 << 30, used: 3)]
      $0.metrics = [Self.page(free: 9 << 30, used: 9, lost: 1)]
    }
    #expect(model.brokers[1].diskFreeBytes == 2 << 30 && model.brokers[1].diskUsedBytes == 3)
    #expect(model.brokers[1].lostLogDirectories == 1)
    // Brokers before Kafka 3.3 tell which directories are lost, and no sizes.
    model = look {
      $0.logDirectories = [Self.told(free: nil)]
      $0.metrics = [Self.page(free: 9 << 30)]
    }
    #expect(model.brokers[1].diskFreeBytes == 9 << 30 && model.brokers[1].lostLogDirectories == 0)
  }

  @Test mutating func whatIsOldOrOfADeadBrokerIsUnknown() {
    _ = look { $0.logDirectories = [Self.told(free: 100 << 20, used: 3, lost: 1)] }
    for _ in 0..<6 { #expect(look().brokers[1].diskFreeBytes == 100 << 20) }
    let model = look()
    #expect(model.brokers[1].diskFreeBytes == nil && model.brokers[1].lostLogDirectories == nil)
    #expect(Self.reasons(model) == [])
    _ = look { $0.logDirectories = [Self.told(free: 100 << 20, lost: 1)] }
    cluster.alive.remove(2)
    #expect(look().brokers[1].diskFreeBytes == nil)
  }
}
