import Controller
import EventLoop
import Primitives
import Wire

/// The states of a broker's life, in the order in which it goes through them.
public enum BrokerState: String, Sendable {
  /// Reading its disk and looking for the quorum.
  case starting = "STARTING"
  /// Registered, and catching up with the metadata.
  case recovering = "RECOVERING"
  case running = "RUNNING"
  case shutdown = "SHUTDOWN"
  case failed = "FAILED"
}

/// This broker's registration and heartbeats (KIP-631): from STARTING over RECOVERING to RUNNING, and out again.
///
/// It lives on the control loop. RUNNING is reported only once the controller has unfenced the broker.
final class BrokerLifecycle {
  private let plane: ControlPlane
  private let configuration: BrokerConfiguration
  private let incarnation: UUID128
  private let directoryID: UUID128
  /// From the clean shutdown marker; −1 after an unclean end.
  private let previousEpoch: BrokerEpoch
  private(set) var state = BrokerState.starting
  private(set) var epoch = BrokerEpoch.none
  private var isRegistering = false
  private var isHeartbeatInFlight = false
  private var heartbeatTimer: LoopTimer?
  private var shutdownDone: (() -> Void)?
  private var shutdownDeadline = Instant.distantFuture
  /// The offset of the last metadata record that the data plane has applied.
  var appliedOffset = Offset.none
  /// Told of each new broker epoch and state; on the control loop.
  var changed: ((BrokerState, BrokerEpoch) -> Void)?

  init(
    _ plane: ControlPlane, incarnation: UUID128, directoryID: UUID128, previousEpoch: BrokerEpoch
  ) throws(IOError) {
    self.plane = plane
    configuration = plane.configuration
    self.incarnation = incarnation
    self.directoryID = directoryID
    self.previousEpoch = previousEpoch
    heartbeatTimer = try LoopTimer(plane.loop) { [weak self] in self?.beat() }
  }

  func start() { register() }

  private func move(to next: BrokerState) {
    guard state != next else { return }
    plane.log.info("broker state", "from=\(state.rawValue) to=\(next.rawValue) epoch=\(epoch)")
    state = next
    changed?(next, epoch)
  }

  /// A new controller knows nothing of what was in flight: speak up at once.
  func controllerChanged() {
    if epoch == .none { register() } else { heartbeatTimer?.start(after: 0) }
  }

  // MARK: registration

  private func register() {
    guard !isRegistering, state != .shutdown else { return }
    isRegistering = true
    var request = BrokerRegistrationRequest()
    request.brokerId = configuration.nodeID.rawValue
    request.clusterId = plane.clusterID
    request.incarnationId = incarnation
    request.rack = configuration.string("broker.rack")
    request.logDirs = [directoryID]
    request.previousBrokerEpoch = previousEpoch.rawValue
    var listener = BrokerRegistrationRequest.Listener()
    listener.name = configuration.advertised.name
    listener.host = configuration.advertised.host
    listener.port = configuration.advertised.port
    listener.securityProtocol = 0
    request.listeners = [listener]
    request.features = Features.supported.map { feature in
      var entry = BrokerRegistrationRequest.Feature()
      entry.name = feature.name
      entry.minSupportedVersion = feature.range.lowerBound
      entry.maxSupportedVersion = feature.range.upperBound
      return entry
    }
    plane.call(request, timeout: .seconds(2)) { [weak self] response in
      guard let self else { return }
      self.isRegistering = false
      guard let response, response.errorCode == 0 else {
        let name = response.flatMap { ErrorCode(rawValue: $0.errorCode)?.name } ?? "no controller"
        self.plane.log.info("not registered yet", "reason=\"\(name)\"")
        self.plane.after(50) { if self.epoch == .none { self.register() } }
        return
      }
      self.epoch = BrokerEpoch(response.brokerEpoch)
      self.plane.log.info("registered", "broker_epoch=\(self.epoch) incarnation=\(self.incarnation)")
      self.changed?(self.state, self.epoch)
      self.move(to: .recovering)
      self.beat()
    }
  }

  // MARK: heartbeats

  private func beat() {
    guard epoch != .none, !isHeartbeatInFlight, state != .failed else { return }
    isHeartbeatInFlight = true
    var request = BrokerHeartbeatRequest()
    request.brokerId = configuration.nodeID.rawValue
    request.brokerEpoch = epoch.rawValue
    request.currentMetadataOffset = appliedOffset.rawValue
    request.wantFence = false
    request.wantShutDown = state == .shutdown
    plane.call(request, timeout: configuration.span("broker.session.timeout.ms") / 2) { [weak self] response in
      guard let self else { return }
      self.isHeartbeatInFlight = false
      self.answered(response)
    }
  }

  private func answered(_ response: BrokerHeartbeatResponse?) {
    var wait = UInt64(max(1, configuration.integer("broker.heartbeat.interval.ms")))
    if let response {
      switch ErrorCode(rawValue: response.errorCode) ?? .unknownServerError {
      case .none:
        if state == .shutdown {
          if response.shouldShutDown || plane.now >= shutdownDeadline { return finishShutdown() }
          wait = 10
        } else if response.isFenced {
          if state == .running { move(to: .recovering) }
          wait = 10
        } else {
          move(to: .running)
        }
      case .staleBrokerEpoch, .brokerIdNotRegistered:
        plane.log.warn("registration is gone", "broker_epoch=\(epoch)")
        epoch = .none
        if state == .shutdown { return finishShutdown() }
        move(to: .starting)
        return register()
      default: wait = 50
      }
    } else {
      // Nobody controls the cluster any more (all of it may be going): there is nothing to wait for.
      if state == .shutdown { return finishShutdown() }
      wait = 20
    }
    if state == .shutdown, plane.now >= shutdownDeadline { return finishShutdown() }
    heartbeatTimer?.start(after: wait)
  }

  // MARK: shutdown

  /// Controlled shutdown: asks the controller to move leaders away; `done` is called when it has, or after `limit`.
  func shutDown(limit: TimeSpan, _ done: @escaping () -> Void) {
    guard state != .shutdown else { return }
    let wasRegistered = epoch != .none
    move(to: .shutdown)
    shutdownDone = done
    shutdownDeadline = plane.now + limit
    guard wasRegistered else { return finishShutdown() }
    plane.after(UInt64(max(1, limit.milliseconds))) { [weak self] in self?.finishShutdown() }
    heartbeatTimer?.start(after: 0)
  }

  private func finishShutdown() {
    guard let done = shutdownDone else { return }
    shutdownDone = nil
    heartbeatTimer?.stop()
    done()
  }

  func fail() { move(to: .failed) }
}
