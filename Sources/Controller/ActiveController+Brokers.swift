import Primitives
import Wire

extension ActiveController {
  // MARK: registration

  /// BrokerRegistration (KIP-631). The broker starts fenced; its epoch is the offset of the record.
  mutating func register(
    _ request: BrokerRegistrationRequest, _ version: Int16, at now: Instant, into effects: inout [ControllerEffect]
  ) -> BrokerRegistrationResponse {
    var response = BrokerRegistrationResponse()
    let id = BrokerID(request.brokerId)
    if let error = problem(with: request, version, at: now) {
      response.errorCode = error.rawValue
      return response
    }
    let old = image.broker(id)
    // "The same incarnation re-registering keeps its epoch": an answer that was lost, or changed listeners.
    let sameLife = old?.incarnation == request.incarnationId
    let epoch = sameLife ? old?.epoch ?? BrokerEpoch(nextOffset.rawValue) : BrokerEpoch(nextOffset.rawValue)
    let registration = BrokerRegistration(
      id: id, epoch: epoch, incarnation: request.incarnationId,
      listeners: request.listeners.map {
        NodeListener(name: $0.name, host: $0.host, port: $0.port, securityProtocol: $0.securityProtocol)
      },
      features: request.features.map {
        SupportedFeature(name: $0.name, minLevel: $0.minSupportedVersion, maxLevel: $0.maxSupportedVersion)
      }.sorted { $0.name < $1.name },
      rack: request.rack, fenced: sameLife ? old?.fenced ?? true : true,
      inControlledShutdown: sameLife ? old?.inControlledShutdown ?? false : false, logDirs: request.logDirs.sorted(),
      cordonedLogDirs: old?.cordonedLogDirs)
    var records = [MetadataRecord.registerBroker(MetadataImage.record(registration))]
    if let old, !sameLife {
      // "A new incarnation with PreviousBrokerEpoch ≠ last epoch counts as unclean shutdown." It may lack what it
      // acknowledged, so it leaves ISR and ELR everywhere. Before version 3 it could not say.
      let unclean = version < 3 || request.previousBrokerEpoch != old.epoch.rawValue
      records += removalRecords(of: id, unclean: unclean && elrEnabled)
    }
    if old != registration { append(records, at: now, into: &effects) }
    sessions[id] = BrokerSession(lastContact: now)
    response.brokerEpoch = epoch.rawValue
    return response
  }

  private func problem(with request: BrokerRegistrationRequest, _ version: Int16, at now: Instant) -> ErrorCode? {
    if !configuration.clusterID.isEmpty, request.clusterId != configuration.clusterID { return .inconsistentClusterId }
    if request.brokerId < 0 || request.incarnationId.isZero || request.listeners.isEmpty { return .invalidRegistration }
    if version >= 2 {
      if request.logDirs.isEmpty || Set(request.logDirs).count != request.logDirs.count { return .invalidRegistration }
      for other in image.sortedBrokers where other.id.rawValue != request.brokerId {
        if request.logDirs.contains(where: other.logDirs.contains) { return .invalidRegistration }
      }
    }
    for (name, level) in image.features.sorted(by: { $0.key < $1.key }) {
      let range = request.features.first { $0.name == name }
      // Kafka's rule: of the features only metadata.version must be named; every one that is named must fit.
      guard let range else {
        if name == "metadata.version" { return .unsupportedVersion }
        continue
      }
      if level < range.minSupportedVersion || range.maxSupportedVersion < level { return .unsupportedVersion }
    }
    if let old = image.broker(BrokerID(request.brokerId)), old.incarnation != request.incarnationId,
      let session = sessions[old.id], now < session.lastContact + configuration.sessionTimeout
    {
      return .duplicateBrokerRegistration
    }
    return nil
  }

  // MARK: heartbeats

  mutating func heartbeat(
    _ request: BrokerHeartbeatRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> BrokerHeartbeatResponse {
    var response = BrokerHeartbeatResponse()
    let id = BrokerID(request.brokerId)
    if let error = lifeProblem(id, BrokerEpoch(request.brokerEpoch)) {
      response.errorCode = error.rawValue
      return response
    }
    guard let broker = image.broker(id) else { return response }
    var session = sessions[id] ?? BrokerSession(lastContact: now)
    session.lastContact = now
    session.metadataOffset = Offset(request.currentMetadataOffset)
    sessions[id] = session
    response.isCaughtUp = request.currentMetadataOffset >= broker.epoch.rawValue
    var records: [MetadataRecord] = []
    var change = BrokerRegistrationChangeRecord()
    change.brokerId = id.rawValue
    change.brokerEpoch = broker.epoch.rawValue
    if request.wantShutDown {
      if broker.fenced {
        response.shouldShutDown = true
      } else {
        if !broker.inControlledShutdown {
          change.inControlledShutdown = 1
          records.append(.brokerRegistrationChange(change))
        }
        records += removalRecords(of: id)
      }
    } else if request.wantFence {
      fence(id, at: now, into: &effects)
    } else if broker.fenced, response.isCaughtUp {
      change.fenced = -1
      records.append(.brokerRegistrationChange(change))
      records += arrivalRecords(of: id)
    }
    append(records, at: now, into: &effects)
    if request.wantShutDown, !broker.fenced { finishShutdown(id, wrote: !records.isEmpty, at: now, into: &effects) }
    response.isFenced = image.broker(id)?.fenced ?? true
    if request.wantShutDown, response.isFenced { response.shouldShutDown = true }
    return response
  }

  /// The broker may end once it leads nothing and every other live broker knows that, or when nobody could take over.
  /// It must know so itself, too: then it has told its clients who leads now, before it cuts them off.
  private mutating func finishShutdown(
    _ id: BrokerID, wrote: Bool, at now: Instant, into effects: inout [ControllerEffect]
  ) {
    if wrote || sessions[id]?.shutdownOffset == nil { sessions[id]?.shutdownOffset = nextOffset - 1 }
    guard let end = sessions[id]?.shutdownOffset, committed > end else { return }
    let leads = image.partitions(on: id).contains { image.partition($0)?.leader == id }
    let behind = image.liveBrokers.contains { other in
      (other.isActive || other.id == id) && (sessions[other.id]?.metadataOffset ?? .none) < end
    }
    guard !leads, !behind else { return }
    fence(id, at: now, into: &effects)
    sessions[id] = nil
  }

  func lifeProblem(_ id: BrokerID, _ epoch: BrokerEpoch) -> ErrorCode? {
    guard let broker = image.broker(id) else { return .brokerIdNotRegistered }
    return broker.epoch == epoch ? nil : .staleBrokerEpoch
  }

  // MARK: the rest

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
    append(removalRecords(of: id) + [.unregisterBroker(record)], at: now, into: &effects)
    sessions[id] = nil
    response.errorMessage = nil
    return response
  }

  mutating func registerController(
    _ request: ControllerRegistrationRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> ControllerRegistrationResponse {
    let node = ControllerNode(
      id: BrokerID(request.controllerId), incarnation: request.incarnationId,
      listeners: request.listeners.map {
        NodeListener(name: $0.name, host: $0.host, port: $0.port, securityProtocol: $0.securityProtocol)
      },
      features: request.features.map {
        SupportedFeature(name: $0.name, minLevel: $0.minSupportedVersion, maxLevel: $0.maxSupportedVersion)
      }.sorted { $0.name < $1.name })
    append([.registerController(MetadataImage.record(node))], at: now, into: &effects)
    var response = ControllerRegistrationResponse()
    response.errorMessage = nil
    return response
  }

  mutating func allocate(
    _ request: AllocateProducerIdsRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> AllocateProducerIdsResponse {
    var response = AllocateProducerIdsResponse()
    if let error = lifeProblem(BrokerID(request.brokerId), BrokerEpoch(request.brokerEpoch)) {
      response.errorCode = error.rawValue
      return response
    }
    let start = image.nextProducerID.rawValue
    let (next, overflow) = start.addingReportingOverflow(Int64(configuration.producerIDBlockSize))
    guard !overflow else {
      response.errorCode = ErrorCode.unknownServerError.rawValue
      return response
    }
    var record = ProducerIdsRecord()
    record.brokerId = request.brokerId
    record.brokerEpoch = request.brokerEpoch
    record.nextProducerId = next
    append([.producerIds(record)], at: now, into: &effects)
    response.producerIdStart = start
    response.producerIdLen = configuration.producerIDBlockSize
    return response
  }
}
