import Primitives
import Wire

/// Names a request to the controller, so that its answer finds the way back. Chosen by the shell.
public struct ControllerRequestToken: TypedNumber {
  public var rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Everything that can happen to a `ControllerState`.
public enum ControllerEvent: Sendable {
  /// This node leads the quorum in `epoch`; `image` holds every record below `nextOffset`, all committed, and the next
  /// record that is appended gets `nextOffset`. `unreachable` are brokers whose process is known to be gone: they are
  /// fenced at once instead of being granted a fresh session.
  case becameActive(epoch: LeaderEpoch, image: MetadataImage, nextOffset: Offset, unreachable: [BrokerID])
  /// This node leads no more, or the quorum refused a batch: all open requests are answered with NOT_CONTROLLER.
  case resigned
  /// Every record below the offset is committed.
  case committed(upTo: Offset)
  case request(ControllerRequestToken, ControllerRequest, version: Int16)
  /// The broker's connection dropped and a new one was refused: its process is gone. With an epoch, only if the broker
  /// still is in that life.
  case brokerUnreachable(BrokerID, epoch: BrokerEpoch?)
  /// `nextDeadline` has come. Harmless at any other time.
  case timer
}

/// What only the active controller answers.
public enum ControllerRequest: Equatable, Sendable {
  case brokerRegistration(BrokerRegistrationRequest)
  case brokerHeartbeat(BrokerHeartbeatRequest)
  case unregisterBroker(UnregisterBrokerRequest)
  case controllerRegistration(ControllerRegistrationRequest)
  case alterPartition(AlterPartitionRequest)
  case allocateProducerIds(AllocateProducerIdsRequest)
  case createTopics(CreateTopicsRequest)
  case deleteTopics(DeleteTopicsRequest)
  case createPartitions(CreatePartitionsRequest)
  case incrementalAlterConfigs(IncrementalAlterConfigsRequest)
  case alterConfigs(AlterConfigsRequest)
  case electLeaders(ElectLeadersRequest)
  case alterPartitionReassignments(AlterPartitionReassignmentsRequest)
  case listPartitionReassignments(ListPartitionReassignmentsRequest)
}

/// An answer, of the same name as its request.
public enum ControllerResponse: Equatable, Sendable {
  case brokerRegistration(BrokerRegistrationResponse)
  case brokerHeartbeat(BrokerHeartbeatResponse)
  case unregisterBroker(UnregisterBrokerResponse)
  case controllerRegistration(ControllerRegistrationResponse)
  case alterPartition(AlterPartitionResponse)
  case allocateProducerIds(AllocateProducerIdsResponse)
  case createTopics(CreateTopicsResponse)
  case deleteTopics(DeleteTopicsResponse)
  case createPartitions(CreatePartitionsResponse)
  case incrementalAlterConfigs(IncrementalAlterConfigsResponse)
  case alterConfigs(AlterConfigsResponse)
  case electLeaders(ElectLeadersResponse)
  case alterPartitionReassignments(AlterPartitionReassignmentsResponse)
  case listPartitionReassignments(ListPartitionReassignmentsResponse)
}

/// What the shell has to do, in order.
public enum ControllerEffect: Equatable, Sendable {
  /// Propose the records to the quorum as one atomic batch in `epoch`. The controller alone appends while it is active,
  /// so it counts offsets itself: the batch's first record must get `firstOffset`. If the quorum refuses the batch, or
  /// gives it another offset, hand in `.resigned` (and let the node give up leadership): what the controller believes
  /// is then not what the log says.
  case append(epoch: LeaderEpoch, firstOffset: Offset, records: [MetadataRecord])
  /// Send the answer. All it rests on is committed, or it rests on nothing.
  case reply(ControllerRequestToken, ControllerResponse)
}
