import Checker
import Testing

/// Four events of two keys in two partitions, all acknowledged, all there, all seen.
private struct Story {
  var acknowledged: [Int64?] = [0, 1, 0, 2]
  var log: [History.Found] = [
    .init(partition: 0, offset: 0, event: 0), .init(partition: 0, offset: 1, event: 1),
    .init(partition: 0, offset: 2, event: 3), .init(partition: 1, offset: 0, event: 2),
  ]
  var seen = [true, true, true, true]

  var findings: Findings {
    var history = History(capacity: 4)
    for (event, offset) in acknowledged.enumerated() {
      history.sent(event, key: event == 2 ? 1 : 0, partition: event == 2 ? 1 : 0)
      if let offset { history.acknowledged(event, offset: offset) }
    }
    for record in log { history.read(record) }
    history.group("analytics", saw: seen)
    return Checker.check(history)
  }
}

@Test func aFaithfulLogHolds() {
  let findings = Story().findings
  #expect(findings.holds)
  #expect(findings.sent == 4)
  #expect(findings.acknowledged == 4)
  #expect(findings.unknown == 0)
}

@Test func anAcknowledgedEventThatIsNotThereIsLost() {
  var story = Story()
  story.log.remove(at: 1)
  #expect(story.findings.lost == 1)
  #expect(story.findings.firstLost == [1])
  #expect(!story.findings.holds)
}

@Test func aSecondCopyIsADuplicate() {
  var story = Story()
  story.log.insert(.init(partition: 0, offset: 3, event: 1), at: 3)
  #expect(story.findings.duplicated == 1)
  #expect(story.findings.lost == 0)
  #expect(!story.findings.holds)
}

@Test func aKeysEventsOutOfOrderAreReordered() {
  var story = Story()
  story.acknowledged = [1, 0, 0, 2]
  story.log = [
    .init(partition: 0, offset: 0, event: 1), .init(partition: 0, offset: 1, event: 0),
    .init(partition: 0, offset: 2, event: 3), .init(partition: 1, offset: 0, event: 2),
  ]
  #expect(story.findings.reordered == 1)
  #expect(story.findings.conflicting == 0)
  #expect(!story.findings.holds)
}

@Test func twoAcknowledgementsForOneOffsetConflict() {
  var story = Story()
  story.acknowledged = [0, 1, 0, 1]
  story.log[2] = .init(partition: 0, offset: 1, event: 3)
  #expect(story.findings.conflicting > 0)
  #expect(!story.findings.holds)
}

@Test func anEventElsewhereThanAcknowledgedConflicts() {
  var story = Story()
  story.log[2] = .init(partition: 0, offset: 7, event: 3)
  #expect(story.findings.conflicting == 1)
  #expect(!story.findings.holds)
}

@Test func changedBytesAndWrongPartitionsAreCorrupt() {
  var story = Story()
  story.log[0].isIntact = false
  story.log[3].partition = 5
  #expect(story.findings.corrupted == 2)
  #expect(!story.findings.holds)
}

@Test func unacknowledgedEventsAreUnknownNotLost() {
  var story = Story()
  story.acknowledged[3] = nil
  #expect(story.findings.unknown == 1)
  #expect(story.findings.unknownButThere == 1)
  #expect(story.findings.holds)
  story.log.remove(at: 2)
  #expect(story.findings.unknownButThere == 0)
  #expect(story.findings.lost == 0)
  #expect(story.findings.holds)
}

@Test func aGroupThatMissedAnAcknowledgedEventIsIncomplete() {
  var story = Story()
  story.seen[2] = false
  #expect(story.findings.missed == [.init(group: "analytics", events: 1)])
  #expect(!story.findings.holds)
}

@Test func recordsOfOthersAreCountedApart() {
  var story = Story()
  story.log.append(.init(partition: 1, offset: 1, event: nil))
  story.log.append(.init(partition: 1, offset: 2, event: 99))
  #expect(story.findings.foreign == 2)
  #expect(story.findings.holds)
}

@Test func aRunThatAcknowledgedNothingIsNoPass() {
  var story = Story()
  story.acknowledged = [nil, nil, nil, nil]
  story.log = []
  #expect(!story.findings.holds)
  #expect(!Checker.check(History(capacity: 0)).holds)
}
