import Primitives
import Wire

/// Registration, heartbeats and controlled shutdown (KIP-631).
extension ActiveController {
  mutating func register(
    _ request: BrokerRegistrationRequest, _ version: Int16, at now: Instant, into effects: inout [ControllerEffect]
  ) -> BrokerRegistrationResponse {
    var response = BrokerRegistrationResponse()
    response.brokerEpoch = -1
    let id = BrokerID(request.brokerId)
    if !configuration.clusterID.isEmpty, request.clusterId != configuration.clusterID {
      response.errorCode = ErrorCode.inconsistentClusterId.rawValue
      return response
    }
    guard request.brokerId >= 0, !request.listeners.isEmpty, Set(request.logDirs).count == request.logDirs.count else {
      response.errorCode = ErrorCode.invalidRegistration.rawValue
      return response
    }
    let known = image.broker(id)
    if let known, known.incarnation != request.incarnationId, sessions[id] != nil, !known.fenced {
      // The earlier life still counts as alive: the newcomer waits until its session is over, or its process known gone.
      response.errorCode = ErrorCode.duplicateBrokerRegistration.rawValue
      return response
    }
    if let known, known.incarnation == request.incarnationId {
      sessions[id] = BrokerSession(lastContact: now)
      response.brokerEpoch = known.epoch.rawValue
      return response
    }
    var records: [MetadataRecord] = []
    var record = RegisterBrokerRecord()
    record.brokerId = request.brokerId
    record.incarnationId = request.incarnationId
    record.brokerEpoch = nextOffset.rawValue
    record.fenced = true
    record.rack = request.rack
    record.logDirs = request.logDirs
    record.endPoints = request.listeners.map { listener in
      var endpoint = RegisterBrokerRecord.BrokerEndpoint()
      endpoint.name = listener.name
      endpoint.host = listener.host
      endpoint.port = listener.port
      endpoint.securityProtocol = listener.securityProtocol
      return endpoint
    }
    record.features = request.features.map { feature in
      var entry = RegisterBrokerRecord.BrokerFeature()
      entry.name = feature.name
      entry.minSupportedVersion = feature.minSupportedVersion
      entry.maxSupportedVersion = feature.maxSupportedVersion
      return entry
    }
    records.append(.registerBroker(record))
    // Whoever did not stop in order may have lost what it acknowledged: it must not lead before it caught up.
    let unclean = known.map { request.previousBrokerEpoch != $0.epoch.rawValue } ?? false
    records += removalRecords(of: id, image: image, unclean: unclean)
    response.brokerEpoch = nextOffset.rawValue
    append(records, at: now, into: &effects)
    sessions[id] = BrokerSession(lastContact: now)
    return response
  }

  mutating func unregister(
    _ request: UnregisterBrokerRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> UnregisterBrokerResponse {
    var response = UnregisterBrokerResponse()
    let id = BrokerID(request.brokerId)
    guard let broker = image.broker(id) else {
      response.errorCode = ErrorCode.brokerIdNotRegistered.rawValue
      response.errorMessage = "Broker ID \(id) is not currently registered"
      return response
    }
    var record = UnregisterBrokerRecord()
    record.brokerId = id.rawValue
    record.brokerEpoch = broker.epoch.rawValue
    append(removalRecords(of: id, image: image, unclean: true) + [.unregisterBroker(record)], at: now, into: &effects)
    sessions[id] = nil
    return response
  }

  mutating func registerController(
    _ request: ControllerRegistrationRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> ControllerRegistrationResponse {
    var record = RegisterControllerRecord()
    record.controllerId = request.controllerId
    record.incarnationId = request.incarnationId
    record.zkMigrationReady = request.zkMigrationReady
    record.endPoints = request.listeners.map { listener in
      var endpoint = RegisterControllerRecord.ControllerEndpoint()
      endpoint.name = listener.name
      endpoint.host = listener.host
      endpoint.port = listener.port
      endpoint.securityProtocol = listener.securityProtocol
      return endpoint
    }
    record.features = request.features.map { feature in
      var entry = RegisterControllerRecord.ControllerFeature()
      entry.name = feature.name
      entry.minSupportedVersion = feature.minSupportedVersion
      entry.maxSupportedVersion = feature.maxSupportedVersion
      return entry
    }
    append([.registerController(record)], at: now, into: &effects)
    return ControllerRegistrationResponse()
  }

  mutating func heartbeat(
    _ request: BrokerHeartbeatRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> BrokerHeartbeatResponse {
    var response = BrokerHeartbeatResponse()
    let id = BrokerID(request.brokerId)
    guard let broker = image.broker(id) else {
      response.errorCode = ErrorCode.brokerIdNotRegistered.rawValue
      return response
    }
    guard broker.epoch.rawValue == request.brokerEpoch else {
      response.errorCode = ErrorCode.staleBrokerEpoch.rawValue
      return response
    }
    var session = sessions[id] ?? BrokerSession(lastContact: now)
    session.lastContact = now
    session.metadataOffset = Offset(request.currentMetadataOffset)
    sessions[id] = session
    // It may serve once it knows at least of its own registration.
    response.isCaughtUp = request.currentMetadataOffset >= broker.epoch.rawValue
    if request.wantShutDown {
      shutDown(broker, at: now, into: &effects, &response)
    } else if request.wantFence {
      fence(id, at: now, into: &effects)
    } else if broker.fenced, response.isCaughtUp {
      var record = BrokerRegistrationChangeRecord()
      record.brokerId = id.rawValue
      record.brokerEpoch = broker.epoch.rawValue
      record.fenced = -1
      append([.brokerRegistrationChange(record)] + arrivalRecords(of: id), at: now, into: &effects)
    }
    response.isFenced = image.broker(id)?.fenced ?? true
    return response
  }

  /// Moves the broker's leaderships away; it may end once it leads nothing and the others know.
  private mutating func shutDown(
    _ broker: BrokerRegistration, at now: Instant, into effects: inout [ControllerEffect],
    _ response: inout BrokerHeartbeatResponse
  ) {
    let id = broker.id
    if broker.fenced {
      response.shouldShutDown = true
      return
    }
    if !broker.inControlledShutdown {
      var record = BrokerRegistrationChangeRecord()
      record.brokerId = id.rawValue
      record.brokerEpoch = broker.epoch.rawValue
      record.inControlledShutdown = 1
      append(
        [.brokerRegistrationChange(record)] + removalRecords(of: id, image: image), at: now, into: &effects)
      sessions[id]?.shutdownOffset = nextOffset - 1
    }
    let leads = image.partitions(on: id).contains { image.partition($0)?.leader == id }
    let target = sessions[id]?.shutdownOffset ?? .none
    let othersKnow = image.sortedBrokers.allSatisfy { other in
      other.id == id || other.fenced || (sessions[other.id]?.metadataOffset ?? .none) >= target
    }
    guard !leads, othersKnow else { return }
    response.shouldShutDown = true
    sessions[id] = nil
    fence(id, at: now, into: &effects)
  }
}
