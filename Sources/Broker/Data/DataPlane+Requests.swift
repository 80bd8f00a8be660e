import Primitives
import Wire

/// The clients' listener: each API's handler is in `Handlers/`, in a file named for its key.
extension DataPlane: RequestServer {
  func servedVersions(of api: ApiKey) -> ClosedRange<Int16>? { ServedApis.client.versions[api] }

  func serve(_ context: RequestContext, _ frame: UnsafeMutableRawBufferPointer, bodyStart: Int) {
    let input = UnsafeRawBufferPointer(frame)
    func decode<Request: RequestMessage>(_: Request.Type) throws(DecodeError) -> Request {
      try Request.decode(input, version: context.version, from: bodyStart)
    }
    do throws(DecodeError) {
      switch context.api {
      case .produce: try produce(context, frame, bodyStart: bodyStart)
      case .fetch: fetch(context, try decode(FetchRequest.self))
      case .listOffsets: listOffsets(context, try decode(ListOffsetsRequest.self))
      case .metadata:
        let request = try decode(MetadataRequest.self)
        tell(context) { [weak self] in self?.metadata(context, request) }
      case .offsetForLeaderEpoch: offsetForLeaderEpoch(context, try decode(OffsetForLeaderEpochRequest.self))
      case .initProducerId: initProducerId(context, try decode(InitProducerIdRequest.self))
      case .apiVersions:
        let request = try decode(ApiVersionsRequest.self)
        context.session.clientSoftware = request.clientSoftwareName
        context.reply(
          ApiVersionsHandler.response(to: request, version: context.version, apis: .client, image: image))
      case .describeCluster: describeCluster(context, try decode(DescribeClusterRequest.self))
      case .describeTopicPartitions: describeTopicPartitions(context, try decode(DescribeTopicPartitionsRequest.self))
      case .describeConfigs: describeConfigs(context, try decode(DescribeConfigsRequest.self))
      case .describeLogDirs: describeLogDirs(context, try decode(DescribeLogDirsRequest.self))
      case .describeProducers: describeProducers(context, try decode(DescribeProducersRequest.self))
      case .describeQuorum: describeQuorum(context, try decode(DescribeQuorumRequest.self))
      case .listConfigResources: listConfigResources(context, try decode(ListConfigResourcesRequest.self))
      case .deleteRecords: deleteRecords(context, try decode(DeleteRecordsRequest.self))
      case .createTopics: forward(context, try decode(CreateTopicsRequest.self)) { $0.timeoutMs }
      case .deleteTopics: forward(context, try decode(DeleteTopicsRequest.self)) { $0.timeoutMs }
      case .createPartitions: forward(context, try decode(CreatePartitionsRequest.self)) { $0.timeoutMs }
      case .alterConfigs: forward(context, try decode(AlterConfigsRequest.self)) { _ in 10_000 }
      case .incrementalAlterConfigs: forward(context, try decode(IncrementalAlterConfigsRequest.self)) { _ in 10_000 }
      case .electLeaders: forward(context, try decode(ElectLeadersRequest.self)) { $0.timeoutMs }
      case .unregisterBroker: forward(context, try decode(UnregisterBrokerRequest.self)) { _ in 10_000 }
      case .alterPartitionReassignments:
        forward(context, try decode(AlterPartitionReassignmentsRequest.self)) { $0.timeoutMs }
      case .listPartitionReassignments:
        forward(context, try decode(ListPartitionReassignmentsRequest.self)) { $0.timeoutMs }
      case .findCoordinator:
        let request = try decode(FindCoordinatorRequest.self)
        tell(context) { [weak self] in self?.findCoordinator(context, request) }
      case .joinGroup, .syncGroup, .heartbeat, .leaveGroup, .offsetCommit, .offsetFetch, .describeGroups, .listGroups,
        .deleteGroups, .offsetDelete:
        try serveGroups(context, input, bodyStart)
      default: context.session.end("\(context.api.name) is not served on the clients' listener")
      }
    } catch {
      context.session.end("\(context.api.name) v\(context.version): \(error)")
    }
  }

  /// Passes an operator's request on to the active controller and its answer back.
  private func forward<Call: ControllerCall>(_ context: RequestContext, _ request: Call, _ timeout: (Call) -> Int32) {
    let limit = TimeSpan.milliseconds(Int64(min(max(timeout(request), 1000), 60_000)))
    let asked = context.version
    callController(request, version: asked, timeout: limit) { response in
      if let response { return context.reply(response) }
      // What Kafka's brokers answer when a request that they pass on takes too long. Whether it was carried out by a
      // controller that is gone now, nobody knows.
      let late = request.controllerRequest.failed(
        .requestTimedOut, "No active controller answered within \(limit.milliseconds / 1000) s.")
      if let answer = Call.unwrap(late) { context.reply(answer) }
    }
  }
}
