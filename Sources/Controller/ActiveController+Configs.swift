import Primitives
import Wire

extension ActiveController {
  /// Resolved changes of one resource: nil removes.
  private typealias Changes = [(name: String, value: String?)]

  mutating func incrementalAlterConfigs(
    _ request: IncrementalAlterConfigsRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> IncrementalAlterConfigsResponse {
    var response = IncrementalAlterConfigsResponse()
    var records: [MetadataRecord] = []
    var seen: Set<ConfigResource> = []
    for resource in request.resources {
      let key = ConfigResource(type: resource.resourceType, name: resource.resourceName)
      var result = IncrementalAlterConfigsResponse.AlterConfigsResourceResponse()
      result.resourceType = resource.resourceType
      result.resourceName = resource.resourceName
      result.errorMessage = nil
      var changes: Changes = []
      var problem = problem(with: key, &seen)
      var names: Set<String> = []
      for config in resource.configs where problem == nil {
        guard names.insert(config.name).inserted else {
          problem = (.invalidRequest, "Error due to duplicate config keys")
          break
        }
        switch resolve(config, key) {
        case .success(let value): changes.append((config.name, value))
        case .failure(let failure): problem = (failure.code, failure.message)
        }
      }
      if problem == nil { problem = self.problem(with: changes, of: key) }
      if let problem {
        result.errorCode = problem.0.rawValue
        result.errorMessage = problem.1
      } else {
        records += changes.filter { image.configs[key]?[$0.name] != $0.value }.map {
          MetadataImage.config(key, $0.name, $0.value)
        }
      }
      response.responses.append(result)
    }
    if !request.validateOnly { appendConfigs(records, at: now, into: &effects) }
    return response
  }

  mutating func alterConfigs(
    _ request: AlterConfigsRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> AlterConfigsResponse {
    var response = AlterConfigsResponse()
    var records: [MetadataRecord] = []
    var seen: Set<ConfigResource> = []
    for resource in request.resources {
      let key = ConfigResource(type: resource.resourceType, name: resource.resourceName)
      var result = AlterConfigsResponse.AlterConfigsResourceResponse()
      result.resourceType = resource.resourceType
      result.resourceName = resource.resourceName
      result.errorMessage = nil
      // What is not named is removed.
      let named = Set(resource.configs.map(\.name))
      let gone = (image.configs[key] ?? [:]).keys.filter { !named.contains($0) }.sorted()
      let changes: Changes = resource.configs.map { ($0.name, $0.value) } + gone.map { ($0, nil) }
      if let problem = problem(with: key, &seen) ?? self.problem(with: changes, of: key) {
        result.errorCode = problem.0.rawValue
        result.errorMessage = problem.1
      } else if named.count != resource.configs.count {
        result.errorCode = ErrorCode.invalidRequest.rawValue
        result.errorMessage = "Error due to duplicate config keys"
      } else {
        records += changes.filter { image.configs[key]?[$0.name] != $0.value }.map {
          MetadataImage.config(key, $0.name, $0.value)
        }
      }
      response.responses.append(result)
    }
    if !request.validateOnly { appendConfigs(records, at: now, into: &effects) }
    return response
  }

  /// Appends config records and, in the same batch, what they change in ELRs.
  private mutating func appendConfigs(
    _ records: [MetadataRecord], at now: Instant, into effects: inout [ControllerEffect]
  ) {
    var affected: Set<String> = []
    var all = false
    for case .config(let config) in records where config.name == "min.insync.replicas" {
      if config.resourceType == 2 { affected.insert(config.resourceName) } else { all = true }
    }
    guard all || !affected.isEmpty else { return append(records, at: now, into: &effects) }
    var preview = self
    var discarded: [ControllerEffect] = []
    preview.append(records, at: now, into: &discarded)
    let topics = all ? image.sortedTopics : affected.sorted().compactMap { image.topic(named: $0) }
    append(records + preview.elrRecords(of: topics), at: now, into: &effects)
  }

  private func problem(
    with resource: ConfigResource, _ seen: inout Set<ConfigResource>
  ) -> (ErrorCode, String)? {
    guard seen.insert(resource).inserted else { return (.invalidRequest, "Each resource must appear at most once.") }
    switch resource.type {
    case 2:
      return image.topicID(resource.name) == nil ? (.unknownTopicOrPartition, "The topic does not exist.") : nil
    case 4:
      if resource.name.isEmpty { return nil }
      guard let id = Int32(resource.name) else { return (.invalidRequest, "Invalid broker name \(resource.name)") }
      return image.broker(BrokerID(id)) == nil ? (.brokerIdNotRegistered, "No such broker: \(id)") : nil
    case 16, 32: return resource.name.isEmpty ? (.invalidRequest, "The resource's name is empty.") : nil
    default: return (.invalidRequest, "Unexpected resource type \(resource.type)")
    }
  }

  private func problem(with changes: Changes, of resource: ConfigResource) -> (ErrorCode, String)? {
    for case (let name, let value?) in changes where resource.type == 2 {
      if let problem = TopicConfigRules.problem(name, value) { return (.invalidConfig, problem) }
    }
    for case ("min.insync.replicas", let value?) in changes
    where Int32(TopicConfigRules.trim(value)).map({ $0 >= 1 }) != true {
      return (.invalidConfig, "Invalid value \(value) for configuration min.insync.replicas")
    }
    return nil
  }

  private struct Refusal: Error {
    var code: ErrorCode
    var message: String
  }

  /// Operations: 0 set, 1 delete, 2 append to a list, 3 subtract from a list (KIP-339).
  private func resolve(
    _ config: IncrementalAlterConfigsRequest.AlterableConfig, _ resource: ConfigResource
  ) -> Result<String?, Refusal> {
    switch config.configOperation {
    case 0:
      guard let value = config.value else {
        return .failure(Refusal(code: .invalidRequest, message: "Null value not supported for \(config.name)"))
      }
      return .success(value)
    case 1: return .success(nil)
    case 2, 3:
      guard let value = config.value else {
        return .failure(Refusal(code: .invalidRequest, message: "Null value not supported for \(config.name)"))
      }
      switch TopicConfigRules.rule(config.name) {
      case .listOf, .throttledReplicas: break
      default:
        return .failure(
          Refusal(code: .invalidConfig, message: "Can't append to or subtract from \(config.name): not a list."))
      }
      var list = TopicConfigRules.list(image.configs[resource]?[config.name] ?? "")
      if list.isEmpty, config.name == "cleanup.policy" { list = ["delete"] }
      for item in TopicConfigRules.list(value) {
        if config.configOperation == 3 {
          list.removeAll { $0 == item }
        } else if !list.contains(item) {
          list.append(item)
        }
      }
      return .success(list.joined(separator: ","))
    default: return .failure(Refusal(code: .invalidRequest, message: "Unknown operation \(config.configOperation)"))
    }
  }
}
