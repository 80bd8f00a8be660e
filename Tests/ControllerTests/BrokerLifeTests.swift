import Controller
import Primitives
import Testing
import Wire

/// Registration, heartbeats, fencing and shutdown (KIP-631).
@Suite struct BrokerLifeTests {
  @Test func theBrokerEpochIsTheOffsetOfItsRegistration() {
    var h = Harness.cluster(brokers: 0)
    let offset = Int64(h.log.count)
    let response = h.register(1)
    #expect(response.errorCode == 0 && response.brokerEpoch == offset)
    #expect(h.image.broker(BrokerID(1))?.fenced == true)
  }

  @Test func theSameLifeKeepsItsEpoch() {
    var h = Harness.cluster(brokers: 1)
    let epoch = h.epochs[1]
    #expect(h.register(1).brokerEpoch == epoch)
    #expect(h.image.broker(BrokerID(1))?.fenced == false)
  }

  @Test func anotherLifeWaitsWhileTheSessionIsLive() {
    var h = Harness.cluster()
    #expect(h.register(1, incarnation: 50).errorCode == ErrorCode.duplicateBrokerRegistration.rawValue)
    h.run(for: .milliseconds(1600), alive: [2, 3])
    #expect(h.register(1, incarnation: 50).errorCode == 0)
  }

  @Test func anotherLifeNeedNotWaitOnceTheProcessIsGone() {
    var h = Harness.cluster()
    h.kill(1)
    let old = h.epochs[1]
    #expect(h.register(1, incarnation: 50).errorCode == 0)
    #expect(h.heartbeat(1, epoch: old).errorCode == ErrorCode.staleBrokerEpoch.rawValue)
  }

  @Test func aReportOfAnEarlierLifeDoesNotFenceTheNext() {
    var h = Harness.cluster()
    let old = BrokerEpoch(h.epochs[1] ?? -1)
    h.kill(1)
    h.start(1, incarnation: 50)
    h.send(.brokerUnreachable(BrokerID(1), epoch: old))
    #expect(h.image.broker(BrokerID(1))?.fenced == false)
  }

  @Test func badRegistrationsAreRefused() {
    var h = Harness.cluster(brokers: 1) { $0.clusterID = "" }
    #expect(h.register(2) { $0.logDirs = [] }.errorCode == ErrorCode.invalidRegistration.rawValue)
    let taken = h.register(2) { $0.logDirs = [UUID128(high: 9, low: 1)] }
    #expect(taken.errorCode == ErrorCode.invalidRegistration.rawValue)
    let features = h.register(2) { $0.features[0].maxSupportedVersion = 29 }
    #expect(features.errorCode == ErrorCode.unsupportedVersion.rawValue)
    var other = Harness { $0.clusterID = "mine" }
    other.activate()
    #expect(other.register(1).errorCode == ErrorCode.inconsistentClusterId.rawValue)
    #expect(other.register(1) { $0.clusterId = "mine" }.errorCode == 0)
  }

  @Test func aBrokerIsUnfencedOnlyOnceItKnowsItsRegistration() {
    var h = Harness.cluster(brokers: 0)
    let epoch = h.register(1).brokerEpoch
    let early = h.heartbeat(1, offset: epoch - 1)
    #expect(!early.isCaughtUp && early.isFenced)
    let ready = h.heartbeat(1, offset: epoch)
    #expect(ready.isCaughtUp && !ready.isFenced)
  }

  @Test func heartbeatsOfTheUnknownAreRefused() {
    var h = Harness.cluster()
    #expect(h.heartbeat(9, epoch: 1).errorCode == ErrorCode.brokerIdNotRegistered.rawValue)
    #expect(h.heartbeat(1, epoch: 0).errorCode == ErrorCode.staleBrokerEpoch.rawValue)
  }

  /// Goal: a silent broker is fenced after the session timeout and not before; leaders move in the very batch.
  @Test func silenceFencesInOneBatch() {
    var h = Harness.cluster()
    h.create("t", partitions: 6)
    h.run(for: .milliseconds(1300), alive: [2, 3])
    #expect(h.image.broker(BrokerID(1))?.fenced == false)
    let before = h.batches.count
    h.run(for: .milliseconds(400), alive: [2, 3])
    #expect(h.image.broker(BrokerID(1))?.fenced == true)
    let fencing = h.batches[before...].filter { batch in
      batch.contains { if case .brokerRegistrationChange = $0 { true } else { false } }
    }
    #expect(fencing.count == 1 && fencing.first?.count == 7)
    for index in 0..<6 {
      let p = h.partition("t", index)
      #expect(p?.isr.contains(BrokerID(1)) == false && p?.hasLeader == true)
    }
  }

  @Test func anUnreachableBrokerIsFencedAtOnce() {
    var h = Harness.cluster()
    h.create("t", assignments: [[1, 2, 3]])
    let epoch = h.partition("t")?.leaderEpoch
    h.kill(1)
    #expect(h.partition("t")?.leader == BrokerID(2))
    #expect(h.partition("t")?.leaderEpoch == epoch?.next)
    #expect(h.partition("t")?.isr.ids == [2, 3])
  }

  /// Goal: a new controller gives no fresh session to a broker that is known to be gone.
  @Test func aNewControllerFencesTheDeadAtOnce() {
    var h = Harness.cluster()
    h.create("t", assignments: [[1, 2, 3]])
    h.send(.resigned)
    h.activate(unreachable: [1])
    #expect(h.image.broker(BrokerID(1))?.fenced == true)
    #expect(h.partition("t")?.leader == BrokerID(2))
  }

  @Test func unreportedSilenceEndsWithinASessionOfTheNewController() {
    var h = Harness.cluster()
    h.send(.resigned)
    h.activate()
    h.run(for: .milliseconds(1600), alive: [2, 3])
    #expect(h.image.liveBrokers.map(\.id.rawValue) == [2, 3])
  }

  @Test func aShutdownMovesLeadersBeforeItIsGranted() {
    var h = Harness.cluster()
    h.create("t", assignments: [[1, 2, 3], [1, 3, 2]])
    let before = Int64(h.log.count - 1)
    let first = h.heartbeat(1, offset: before, wantShutDown: true)
    #expect(!first.shouldShutDown && !first.isFenced)
    #expect(h.partition("t", 0)?.leader == BrokerID(2) && h.partition("t", 1)?.leader == BrokerID(3))
    #expect(h.image.broker(BrokerID(1))?.inControlledShutdown == true)
    // The others have not yet heard of it.
    #expect(h.heartbeat(1, wantShutDown: true).shouldShutDown == false)
    h.heartbeat(2)
    #expect(h.heartbeat(1, wantShutDown: true).shouldShutDown == false)
    h.heartbeat(3)
    // It does not yet know of it itself.
    #expect(h.heartbeat(1, offset: before, wantShutDown: true).shouldShutDown == false)
    #expect(h.heartbeat(1, wantShutDown: true).shouldShutDown)
    #expect(h.image.broker(BrokerID(1))?.fenced == true)
    // A clean end is no reason to distrust its log.
    h.start(1, incarnation: 70, previous: h.epochs[1] ?? -1)
    #expect(h.image.broker(BrokerID(1))?.isActive == true)
  }

  @Test func unregisteringForgetsTheBroker() {
    var h = Harness.cluster()
    h.create("t", assignments: [[1, 2, 3]])
    var request = UnregisterBrokerRequest()
    request.brokerId = 1
    h.ask(.unregisterBroker(request))
    #expect(h.image.broker(BrokerID(1)) == nil)
    #expect(h.partition("t")?.leader == BrokerID(2) && h.partition("t")?.isr.ids == [2, 3])
    let again = h.ask(.unregisterBroker(request))
    guard case .unregisterBroker(let response)? = again else {
      Issue.record("no answer")
      return
    }
    #expect(response.errorCode == ErrorCode.brokerIdNotRegistered.rawValue)
  }

  @Test func producerIdsComeInBlocksThatNeverOverlap() {
    var h = Harness.cluster()
    var starts: [Int64] = []
    for id in [Int32(1), 2, 1] {
      if starts.count == 2 {
        h.send(.resigned)
        h.activate()
      }
      var request = AllocateProducerIdsRequest()
      request.brokerId = id
      request.brokerEpoch = h.epochs[id] ?? -1
      guard case .allocateProducerIds(let response)? = h.ask(.allocateProducerIds(request)) else {
        Issue.record("no answer")
        continue
      }
      #expect(response.errorCode == 0 && response.producerIdLen == 1000)
      starts.append(response.producerIdStart)
    }
    #expect(starts == [0, 1000, 2000])
    var stale = AllocateProducerIdsRequest()
    stale.brokerId = 1
    stale.brokerEpoch = 0
    guard case .allocateProducerIds(let response)? = h.ask(.allocateProducerIds(stale)) else {
      Issue.record("no answer")
      return
    }
    #expect(response.errorCode == ErrorCode.staleBrokerEpoch.rawValue)
  }
}
