import Testing

@testable import Monitor

/// What an operator may write after `--alert-setting`, and what it does.
struct AlertSettingsTests {
  private func settings(_ texts: String...) throws -> AlertSettings {
    var settings = AlertSettings()
    for text in texts { try settings.set(text) }
    return settings
  }

  @Test func everyKeyIsTakenIn() throws {
    let all = try settings(
      "BrokerLeft.after=10min", "BrokerDown.clears=1500ms", "CanarySlow.limit=250ms", "GroupLagGrowing.limit=2s",
      "DiskSpace.limit=20GiB", "ErrorRate.limit=0.5", "ControllerFlapping.limit=2", "ControllerFlapping.within=1h")
    #expect(all.firesAfter == ["BrokerLeft": 600_000])
    #expect(all.clearsAfter == ["BrokerDown": 1_500])
    #expect(all.canaryPercentile99 == 250)
    #expect(all.lagMilliseconds == 2_000)
    #expect(all.diskFreeBytes == 20 << 30)
    #expect(all.errorsPerSecond == 0.5)
    #expect(all.controllerChanges == 2)
    #expect(all.controllerWindow == 3_600_000)
  }

  @Test(arguments: [
    "", "=", "BrokerDown", "BrokerDown=1s", "BrokerDown.after", "BrokerDown.after=", "BrokerDown.after=5",
    "BrokerDown.after=-5s", "BrokerDown.after=1.5s", "BrokerDown.after=99999999999999999999s",
    "BrokerDown.after=9223372036854775807h", "BrokerDown.after=8000000h", "Brokerdown.after=1s", "BrokerDown.limit=5s",
    "DiskSpace.limit=5", "DiskSpace.limit=5s", "DiskSpace.limit=9223372036854775807TiB", "ErrorRate.limit=nan",
    "ErrorRate.limit=-1", "ControllerFlapping.limit=0", "BrokerDown.within=5s",
  ])
  func everythingElseIsRefusedWithAReason(_ text: String) {
    var settings = AlertSettings()
    #expect(throws: AlertSettings.Fault.self) { try settings.set(text) }
    #expect(settings == AlertSettings())
  }

  @Test func timesAreThoseThatWereSet() throws {
    var run = Run()
    run.book = AlertBook(settings: try settings("BrokerDown.after=3s", "BrokerDown.clears=7s"))
    let begin = run.now
    run.judge(until: { !$0.firing.isEmpty }, AlertBookTests.down)
    #expect(run.now - 1_000 - begin == 3_000)
    let mended = run.now
    run.judge(until: { $0.firing.isEmpty }, { _ in })
    #expect(run.now - 1_000 - mended == 7_000)
  }

  @Test func changesOfTheControllerAreCountedWithinTheirWindow() throws {
    var run = Run()
    run.book = AlertBook(settings: try settings("ControllerFlapping.limit=2", "ControllerFlapping.within=20s"))
    run.judge(for: 2) { _ in }
    run.judge(for: 2) { $0.controller.id = 2 }
    #expect(run.book.list.firing.isEmpty)
    run.judge(for: 1) { $0.controller.id = 3 }
    #expect(run.book.list.firing.map(\.name) == ["ControllerFlapping"])
    #expect(run.book.list.firing.first?.summary == "the controller changed 2 times within 20 s")
    run.judge(until: { $0.firing.isEmpty }, { $0.controller.id = 3 })
    #expect(run.book.list.history.map(\.name) == ["ControllerFlapping"])
  }

  /// Too few replicas for a write do not pass by themselves; a slow write may.
  @Test func canaryThatCannotSucceedFiresAtOnce() {
    var run = Run()
    run.judge(for: 1) {
      $0.canary.brokers[0].ok = false
      $0.partitions.underMinISR = 3
    }
    #expect(run.named("CanaryFailing")?.subject == "broker 1")
    run = Run()
    run.judge(for: 2) { $0.canary.brokers[0].ok = false }
    #expect(run.book.list.firing.isEmpty)
    run.judge(for: 1) { $0.canary.brokers[0].ok = false }
    #expect(run.named("CanaryFailing") != nil)
  }
}
