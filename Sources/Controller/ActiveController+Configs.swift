import Primitives
import Wire

/// Settings of topics and brokers in the metadata.
extension ActiveController {
  private struct Problem: Error {
    var code: ErrorCode
    var message: String
  }

  mutating func incrementalAlterConfigs(
    _ request: IncrementalAlterConfigsRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> IncrementalAlterConfigsResponse {
    var response = IncrementalAlterConfigsResponse()
    for wanted in request.resources {
      var result = IncrementalAlterConfigsResponse.AlterConfigsResourceResponse()
      result.resourceType = wanted.resourceType
      result.resourceName = wanted.resourceName
      let resource = ConfigResource(type: wanted.resourceType, name: wanted.resourceName)
      do throws(Problem) {
        try check(resource)
        var changes: [(String, String?)] = []
        for config in wanted.configs {
          changes.append((config.name, try value(of: config, resource)))
        }
        let records = try self.records(resource, changes)
        if !request.validateOnly { append(records, at: now, into: &effects) }
      } catch {
        result.errorCode = error.code.rawValue
        result.errorMessage = error.message
      }
      response.responses.append(result)
    }
    return response
  }

  /// The value after one operation: 0 set, 1 delete, 2 append to a list, 3 subtract from it.
  private func value(
    of config: IncrementalAlterConfigsRequest.AlterableConfig, _ resource: ConfigResource
  ) throws(Problem) -> String? {
    switch config.configOperation {
    case 0:
      guard let value = config.value else {
        throw Problem(code: .invalidRequest, message: "Null value not supported for : SET \(config.name)")
      }
      return value
    case 1: return nil
    case 2, 3:
      guard case .listOf = TopicConfigRules.rule(config.name) else {
        throw Problem(code: .invalidConfig, message: "Can't APPEND or SUBTRACT to key \(config.name): its type is not LIST.")
      }
      let before = image.configs[resource]?[config.name] ?? "delete"
      var items = before.split(separator: ",").map(String.init)
      for item in (config.value ?? "").split(separator: ",").map(String.init) {
        items.removeAll { $0 == item }
        if config.configOperation == 2 { items.append(item) }
      }
      return items.joined(separator: ",")
    default:
      throw Problem(code: .invalidRequest, message: "Unknown config operation \(config.configOperation)")
    }
  }

  mutating func alterConfigs(
    _ request: AlterConfigsRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> AlterConfigsResponse {
    var response = AlterConfigsResponse()
    for wanted in request.resources {
      var result = AlterConfigsResponse.AlterConfigsResourceResponse()
      result.resourceType = wanted.resourceType
      result.resourceName = wanted.resourceName
      let resource = ConfigResource(type: wanted.resourceType, name: wanted.resourceName)
      do throws(Problem) {
        try check(resource)
        // What is not named falls back to its default.
        let named = Set(wanted.configs.map(\.name))
        let dropped = (image.configs[resource] ?? [:]).keys.filter { !named.contains($0) }.sorted()
        let changes = dropped.map { ($0, Optional<String>.none) } + wanted.configs.map { ($0.name, $0.value) }
        let records = try self.records(resource, changes)
        if !request.validateOnly { append(records, at: now, into: &effects) }
      } catch {
        result.errorCode = error.code.rawValue
        result.errorMessage = error.message
      }
      response.responses.append(result)
    }
    return response
  }

  private func check(_ resource: ConfigResource) throws(Problem) {
    switch resource.type {
    case 2:
      guard image.topicID(resource.name) != nil else {
        throw Problem(code: .unknownTopicOrPartition, message: "The topic '\(resource.name)' does not exist.")
      }
    case 4:
      guard resource.name.isEmpty || Int32(resource.name).map({ image.broker(BrokerID($0)) != nil }) == true else {
        throw Problem(code: .brokerIdNotRegistered, message: "No such broker: \(resource.name)")
      }
    default:
      throw Problem(code: .invalidRequest, message: "Resources of type \(resource.type) have no settings here")
    }
  }

  private func records(_ resource: ConfigResource, _ changes: [(String, String?)]) throws(Problem) -> [MetadataRecord] {
    var records: [MetadataRecord] = []
    for (name, value) in changes {
      if let value, resource.type == 2, let reason = TopicConfigRules.problem(name, value) {
        throw Problem(code: .invalidConfig, message: reason)
      }
      if image.configs[resource]?[name] == value { continue }
      var record = ConfigRecord()
      record.resourceType = resource.type
      record.resourceName = resource.name
      record.name = name
      record.value = value
      records.append(.config(record))
    }
    return records
  }
}
