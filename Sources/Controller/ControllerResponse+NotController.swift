import Primitives
import Wire

extension ControllerRequest {
  /// The answer that tells the sender to look for another controller: NOT_CONTROLLER in every place that has a code.
  public var notController: ControllerResponse { failed(.notController) }

  /// The answer that fails every part of the request with one code; `message`: instead of the code's name.
  public func failed(_ error: ErrorCode, _ message: String? = nil) -> ControllerResponse {
    let code = error.rawValue
    let text = message ?? error.name
    switch self {
    case .brokerRegistration:
      var response = BrokerRegistrationResponse()
      response.errorCode = code
      return .brokerRegistration(response)
    case .brokerHeartbeat:
      var response = BrokerHeartbeatResponse()
      response.errorCode = code
      return .brokerHeartbeat(response)
    case .unregisterBroker:
      var response = UnregisterBrokerResponse()
      response.errorCode = code
      response.errorMessage = text
      return .unregisterBroker(response)
    case .controllerRegistration:
      var response = ControllerRegistrationResponse()
      response.errorCode = code
      response.errorMessage = text
      return .controllerRegistration(response)
    case .alterPartition:
      var response = AlterPartitionResponse()
      response.errorCode = code
      return .alterPartition(response)
    case .allocateProducerIds:
      var response = AllocateProducerIdsResponse()
      response.errorCode = code
      return .allocateProducerIds(response)
    case .createTopics(let request):
      var response = CreateTopicsResponse()
      response.topics = request.topics.map { topic in
        var result = CreateTopicsResponse.CreatableTopicResult()
        result.name = topic.name
        result.errorCode = code
        result.errorMessage = text
        return result
      }
      return .createTopics(response)
    case .deleteTopics(let request):
      var response = DeleteTopicsResponse()
      response.responses =
        request.topics.map { topic in
          var result = DeleteTopicsResponse.DeletableTopicResult()
          result.name = topic.name
          result.topicId = topic.topicId
          result.errorCode = code
          result.errorMessage = text
          return result
        }
        + request.topicNames.map { name in
          var result = DeleteTopicsResponse.DeletableTopicResult()
          result.name = name
          result.errorCode = code
          result.errorMessage = text
          return result
        }
      return .deleteTopics(response)
    case .createPartitions(let request):
      var response = CreatePartitionsResponse()
      response.results = request.topics.map { topic in
        var result = CreatePartitionsResponse.CreatePartitionsTopicResult()
        result.name = topic.name
        result.errorCode = code
        result.errorMessage = text
        return result
      }
      return .createPartitions(response)
    case .incrementalAlterConfigs(let request):
      var response = IncrementalAlterConfigsResponse()
      response.responses = request.resources.map { resource in
        var result = IncrementalAlterConfigsResponse.AlterConfigsResourceResponse()
        result.resourceType = resource.resourceType
        result.resourceName = resource.resourceName
        result.errorCode = code
        result.errorMessage = text
        return result
      }
      return .incrementalAlterConfigs(response)
    case .alterConfigs(let request):
      var response = AlterConfigsResponse()
      response.responses = request.resources.map { resource in
        var result = AlterConfigsResponse.AlterConfigsResourceResponse()
        result.resourceType = resource.resourceType
        result.resourceName = resource.resourceName
        result.errorCode = code
        result.errorMessage = text
        return result
      }
      return .alterConfigs(response)
    case .electLeaders:
      var response = ElectLeadersResponse()
      response.errorCode = code
      return .electLeaders(response)
    case .alterPartitionReassignments:
      var response = AlterPartitionReassignmentsResponse()
      response.errorCode = code
      response.errorMessage = text
      return .alterPartitionReassignments(response)
    case .listPartitionReassignments:
      var response = ListPartitionReassignmentsResponse()
      response.errorCode = code
      response.errorMessage = text
      return .listPartitionReassignments(response)
    }
  }
}
