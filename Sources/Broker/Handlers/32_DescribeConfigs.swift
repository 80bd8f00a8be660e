import Controller
import Primitives
import Wire

/// DescribeConfigs, versions 1–4: topics and brokers, with their sources and synonyms. Documentation texts are not served.
extension DataPlane {
  /// Where a value comes from, in Kafka's numbers.
  private enum Source: Int8 {
    case topic = 1
    case broker = 2
    case clusterDefault = 3
    case file = 4
    case standard = 5
  }

  func describeConfigs(_ context: RequestContext, _ request: DescribeConfigsRequest) {
    var response = DescribeConfigsResponse()
    response.results = request.resources.map { resource in
      var result = DescribeConfigsResponse.DescribeConfigsResult()
      result.resourceType = resource.resourceType
      result.resourceName = resource.resourceName
      let keys = resource.configurationKeys.map(Set.init)
      func wanted(_ name: String) -> Bool { keys?.contains(name) ?? true }
      switch resource.resourceType {
      case 2:
        guard image.topic(named: resource.resourceName) != nil else {
          let valid = TopicName.isValid(resource.resourceName)
          result.errorCode = (valid ? ErrorCode.unknownTopicOrPartition : .invalidTopicException).rawValue
          result.errorMessage = valid ? "Topic \(resource.resourceName) does not exist" : "Invalid topic name"
          break
        }
        result.configs = TopicSettings.defaults.filter { wanted($0.name) }.map {
          topicConfig($0.name, $0.kind, topic: resource.resourceName, request)
        }
      case 4:
        if resource.resourceName.isEmpty {
          result.configs = dynamic(.clusterDefault, .clusterDefault).filter { wanted($0.name) }
        } else if resource.resourceName == "\(nodeID)" {
          result.configs = BrokerSetting.all.filter { wanted($0.name) }.map { brokerConfig($0, request) }
        } else {
          result.errorCode = ErrorCode.invalidRequest.rawValue
          result.errorMessage = "This is broker \(nodeID); ask broker \(resource.resourceName) for its own settings"
        }
      default:
        result.errorCode = ErrorCode.invalidRequest.rawValue
        result.errorMessage = "Resources of type \(resource.resourceType) have no settings here"
      }
      return result
    }
    context.reply(response)
  }

  private typealias Row = DescribeConfigsResponse.DescribeConfigsResourceResult

  private func topicConfig(
    _ name: String, _ kind: BrokerSetting.Kind, topic: String, _ request: DescribeConfigsRequest
  ) -> Row {
    var found: [(String, String?, Source)] = []
    if let value = image.configs[.topic(topic)]?[name] { found.append((name, value, .topic)) }
    if let synonym = TopicConfigRules.brokerSynonym(of: name) {
      if let value = image.configs[.broker(nodeID)]?[synonym] { found.append((synonym, value, .broker)) }
      if let value = image.configs[.clusterDefault]?[synonym] { found.append((synonym, value, .clusterDefault)) }
      if let value = configuration.values[synonym] { found.append((synonym, value, .file)) }
      if let value = TopicSettings.fromFile(name, configuration) { found.append((synonym, value, .standard)) }
    } else if let value = TopicSettings.fromFile(name, configuration) {
      found.append((name, value, .standard))
    }
    if found.isEmpty { found.append((name, TopicSettings.standard(name), .standard)) }
    return row(name, kind, found, request, readOnly: false)
  }

  private func brokerConfig(_ setting: BrokerSetting, _ request: DescribeConfigsRequest) -> Row {
    var found: [(String, String?, Source)] = []
    if let value = image.configs[.broker(nodeID)]?[setting.name] { found.append((setting.name, value, .broker)) }
    if let value = image.configs[.clusterDefault]?[setting.name] {
      found.append((setting.name, value, .clusterDefault))
    }
    if let value = configuration.values[setting.name] { found.append((setting.name, value, .file)) }
    if let value = setting.standard { found.append((setting.name, value, .standard)) }
    if found.isEmpty { found.append((setting.name, nil, .standard)) }
    return row(setting.name, setting.kind, found, request, readOnly: !TopicSettings.isDynamicForBrokers(setting.name))
  }

  private func dynamic(_ resource: ConfigResource, _ source: Source) -> [Row] {
    (image.configs[resource] ?? [:]).sorted { $0.key < $1.key }.map { name, value in
      row(name, BrokerSetting.byName[name]?.kind ?? .string, [(name, value, source)], nil, readOnly: false)
    }
  }

  private func row(
    _ name: String, _ kind: BrokerSetting.Kind, _ found: [(name: String, value: String?, source: Source)],
    _ request: DescribeConfigsRequest?, readOnly: Bool
  ) -> Row {
    var row = Row()
    row.name = name
    row.value = found.first?.value
    row.configSource = found.first?.source.rawValue ?? Source.standard.rawValue
    row.readOnly = readOnly
    row.configType =
      switch kind {
      case .boolean: 1
      case .string: 2
      case .int: 3
      case .short: 4
      case .long: 5
      case .double: 6
      case .list: 7
      }
    if request?.includeSynonyms == true {
      row.synonyms = found.map { name, value, source in
        var synonym = DescribeConfigsResponse.DescribeConfigsSynonym()
        synonym.name = name
        synonym.value = value
        synonym.source = source.rawValue
        return synonym
      }
    }
    return row
  }

  /// ListConfigResources (key 74), versions 0–1: what has settings. Version 0 asks for client metrics, of which there are
  /// none.
  func listConfigResources(_ context: RequestContext, _ request: ListConfigResourcesRequest) {
    var response = ListConfigResourcesResponse()
    let types = context.version == 0 ? [16] : request.resourceTypes
    func add(_ type: Int8, _ name: String) {
      guard types.isEmpty || types.contains(type) else { return }
      var resource = ListConfigResourcesResponse.ConfigResource()
      resource.resourceType = type
      resource.resourceName = name
      response.configResources.append(resource)
    }
    for topic in image.sortedTopics { add(2, topic.name) }
    for broker in image.sortedBrokers { add(4, "\(broker.id)") }
    context.reply(response)
  }
}

extension TopicSettings {
  /// Broker settings that stand in for a topic's may be changed while the broker runs.
  static func isDynamicForBrokers(_ name: String) -> Bool {
    defaults.contains { TopicConfigRules.brokerSynonym(of: $0.name) == name }
  }
}
