import Controller
import Wire

/// A request that only the active controller answers, in both of its forms: Kafka's message, and what the core takes.
protocol ControllerCall: RequestMessage where Response: Sendable {
  var controllerRequest: ControllerRequest { get }
  static func unwrap(_ response: ControllerResponse) -> Response?
  /// Whether the answer says that the node asked is not the active controller.
  static func isNotController(_ response: Response) -> Bool
}

private let notController: Int16 = 41

extension BrokerRegistrationRequest: ControllerCall {
  var controllerRequest: ControllerRequest { .brokerRegistration(self) }
  static func unwrap(_ r: ControllerResponse) -> BrokerRegistrationResponse? {
    if case .brokerRegistration(let response) = r { response } else { nil }
  }
  static func isNotController(_ r: Response) -> Bool { r.errorCode == notController }
}

extension BrokerHeartbeatRequest: ControllerCall {
  var controllerRequest: ControllerRequest { .brokerHeartbeat(self) }
  static func unwrap(_ r: ControllerResponse) -> BrokerHeartbeatResponse? {
    if case .brokerHeartbeat(let response) = r { response } else { nil }
  }
  static func isNotController(_ r: Response) -> Bool { r.errorCode == notController }
}

extension UnregisterBrokerRequest: ControllerCall {
  var controllerRequest: ControllerRequest { .unregisterBroker(self) }
  static func unwrap(_ r: ControllerResponse) -> UnregisterBrokerResponse? {
    if case .unregisterBroker(let response) = r { response } else { nil }
  }
  static func isNotController(_ r: Response) -> Bool { r.errorCode == notController }
}

extension ControllerRegistrationRequest: ControllerCall {
  var controllerRequest: ControllerRequest { .controllerRegistration(self) }
  static func unwrap(_ r: ControllerResponse) -> ControllerRegistrationResponse? {
    if case .controllerRegistration(let response) = r { response } else { nil }
  }
  static func isNotController(_ r: Response) -> Bool { r.errorCode == notController }
}

extension AlterPartitionRequest: ControllerCall {
  var controllerRequest: ControllerRequest { .alterPartition(self) }
  static func unwrap(_ r: ControllerResponse) -> AlterPartitionResponse? {
    if case .alterPartition(let response) = r { response } else { nil }
  }
  static func isNotController(_ r: Response) -> Bool { r.errorCode == notController }
}

extension AllocateProducerIdsRequest: ControllerCall {
  var controllerRequest: ControllerRequest { .allocateProducerIds(self) }
  static func unwrap(_ r: ControllerResponse) -> AllocateProducerIdsResponse? {
    if case .allocateProducerIds(let response) = r { response } else { nil }
  }
  static func isNotController(_ r: Response) -> Bool { r.errorCode == notController }
}

extension CreateTopicsRequest: ControllerCall {
  var controllerRequest: ControllerRequest { .createTopics(self) }
  static func unwrap(_ r: ControllerResponse) -> CreateTopicsResponse? {
    if case .createTopics(let response) = r { response } else { nil }
  }
  static func isNotController(_ r: Response) -> Bool { r.topics.contains { $0.errorCode == notController } }
}

extension DeleteTopicsRequest: ControllerCall {
  var controllerRequest: ControllerRequest { .deleteTopics(self) }
  static func unwrap(_ r: ControllerResponse) -> DeleteTopicsResponse? {
    if case .deleteTopics(let response) = r { response } else { nil }
  }
  static func isNotController(_ r: Response) -> Bool { r.responses.contains { $0.errorCode == notController } }
}

extension CreatePartitionsRequest: ControllerCall {
  var controllerRequest: ControllerRequest { .createPartitions(self) }
  static func unwrap(_ r: ControllerResponse) -> CreatePartitionsResponse? {
    if case .createPartitions(let response) = r { response } else { nil }
  }
  static func isNotController(_ r: Response) -> Bool { r.results.contains { $0.errorCode == notController } }
}

extension IncrementalAlterConfigsRequest: ControllerCall {
  var controllerRequest: ControllerRequest { .incrementalAlterConfigs(self) }
  static func unwrap(_ r: ControllerResponse) -> IncrementalAlterConfigsResponse? {
    if case .incrementalAlterConfigs(let response) = r { response } else { nil }
  }
  static func isNotController(_ r: Response) -> Bool { r.responses.contains { $0.errorCode == notController } }
}

extension AlterConfigsRequest: ControllerCall {
  var controllerRequest: ControllerRequest { .alterConfigs(self) }
  static func unwrap(_ r: ControllerResponse) -> AlterConfigsResponse? {
    if case .alterConfigs(let response) = r { response } else { nil }
  }
  static func isNotController(_ r: Response) -> Bool { r.responses.contains { $0.errorCode == notController } }
}

extension ElectLeadersRequest: ControllerCall {
  var controllerRequest: ControllerRequest { .electLeaders(self) }
  static func unwrap(_ r: ControllerResponse) -> ElectLeadersResponse? {
    if case .electLeaders(let response) = r { response } else { nil }
  }
  static func isNotController(_ r: Response) -> Bool { r.errorCode == notController }
}

extension AlterPartitionReassignmentsRequest: ControllerCall {
  var controllerRequest: ControllerRequest { .alterPartitionReassignments(self) }
  static func unwrap(_ r: ControllerResponse) -> AlterPartitionReassignmentsResponse? {
    if case .alterPartitionReassignments(let response) = r { response } else { nil }
  }
  static func isNotController(_ r: Response) -> Bool { r.errorCode == notController }
}

extension ListPartitionReassignmentsRequest: ControllerCall {
  var controllerRequest: ControllerRequest { .listPartitionReassignments(self) }
  static func unwrap(_ r: ControllerResponse) -> ListPartitionReassignmentsResponse? {
    if case .listPartitionReassignments(let response) = r { response } else { nil }
  }
  static func isNotController(_ r: Response) -> Bool { r.errorCode == notController }
}
