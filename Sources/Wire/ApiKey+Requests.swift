extension ApiKey {
  /// The request that this key stands for; nil for keys whose messages are not described here.
  public var request: (any RequestMessage.Type)? {
    switch self {
    case ProduceRequest.apiKey: ProduceRequest.self
    case FetchRequest.apiKey: FetchRequest.self
    case ListOffsetsRequest.apiKey: ListOffsetsRequest.self
    case MetadataRequest.apiKey: MetadataRequest.self
    case OffsetCommitRequest.apiKey: OffsetCommitRequest.self
    case OffsetFetchRequest.apiKey: OffsetFetchRequest.self
    case FindCoordinatorRequest.apiKey: FindCoordinatorRequest.self
    case JoinGroupRequest.apiKey: JoinGroupRequest.self
    case HeartbeatRequest.apiKey: HeartbeatRequest.self
    case LeaveGroupRequest.apiKey: LeaveGroupRequest.self
    case SyncGroupRequest.apiKey: SyncGroupRequest.self
    case DescribeGroupsRequest.apiKey: DescribeGroupsRequest.self
    case ListGroupsRequest.apiKey: ListGroupsRequest.self
    case ApiVersionsRequest.apiKey: ApiVersionsRequest.self
    case CreateTopicsRequest.apiKey: CreateTopicsRequest.self
    case DeleteTopicsRequest.apiKey: DeleteTopicsRequest.self
    case DeleteRecordsRequest.apiKey: DeleteRecordsRequest.self
    case InitProducerIdRequest.apiKey: InitProducerIdRequest.self
    case OffsetForLeaderEpochRequest.apiKey: OffsetForLeaderEpochRequest.self
    case DescribeConfigsRequest.apiKey: DescribeConfigsRequest.self
    case AlterConfigsRequest.apiKey: AlterConfigsRequest.self
    case DescribeLogDirsRequest.apiKey: DescribeLogDirsRequest.self
    case CreatePartitionsRequest.apiKey: CreatePartitionsRequest.self
    case DeleteGroupsRequest.apiKey: DeleteGroupsRequest.self
    case ElectLeadersRequest.apiKey: ElectLeadersRequest.self
    case IncrementalAlterConfigsRequest.apiKey: IncrementalAlterConfigsRequest.self
    case AlterPartitionReassignmentsRequest.apiKey: AlterPartitionReassignmentsRequest.self
    case ListPartitionReassignmentsRequest.apiKey: ListPartitionReassignmentsRequest.self
    case OffsetDeleteRequest.apiKey: OffsetDeleteRequest.self
    case VoteRequest.apiKey: VoteRequest.self
    case BeginQuorumEpochRequest.apiKey: BeginQuorumEpochRequest.self
    case EndQuorumEpochRequest.apiKey: EndQuorumEpochRequest.self
    case DescribeQuorumRequest.apiKey: DescribeQuorumRequest.self
    case AlterPartitionRequest.apiKey: AlterPartitionRequest.self
    case UpdateFeaturesRequest.apiKey: UpdateFeaturesRequest.self
    case EnvelopeRequest.apiKey: EnvelopeRequest.self
    case FetchSnapshotRequest.apiKey: FetchSnapshotRequest.self
    case DescribeClusterRequest.apiKey: DescribeClusterRequest.self
    case DescribeProducersRequest.apiKey: DescribeProducersRequest.self
    case BrokerRegistrationRequest.apiKey: BrokerRegistrationRequest.self
    case BrokerHeartbeatRequest.apiKey: BrokerHeartbeatRequest.self
    case UnregisterBrokerRequest.apiKey: UnregisterBrokerRequest.self
    case ListTransactionsRequest.apiKey: ListTransactionsRequest.self
    case AllocateProducerIdsRequest.apiKey: AllocateProducerIdsRequest.self
    case ControllerRegistrationRequest.apiKey: ControllerRegistrationRequest.self
    case ListConfigResourcesRequest.apiKey: ListConfigResourcesRequest.self
    case DescribeTopicPartitionsRequest.apiKey: DescribeTopicPartitionsRequest.self
    default: nil
    }
  }

  /// Whether a request of this version has a header with tagged fields.
  public func isFlexible(_ version: Int16) -> Bool { request?.isFlexible(version) ?? false }
}
