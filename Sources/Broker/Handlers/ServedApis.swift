import Wire

/// Which APIs a listener serves, in which versions: what ApiVersions says and what is enforced.
package struct ServedApis: Sendable {
  /// Versions that are handled, by API.
  package let versions: [ApiKey: ClosedRange<Int16>]

  init(_ apis: [ApiKey], narrowed: [ApiKey: ClosedRange<Int16>] = [:]) {
    var versions: [ApiKey: ClosedRange<Int16>] = [:]
    for api in apis {
      guard let request = api.request else { continue }
      versions[api] = narrowed[api] ?? request.validVersions
    }
    self.versions = versions
  }

  /// The listener for clients and other brokers.
  package static let client = ServedApis(
    [
      .produce, .fetch, .listOffsets, .metadata, .offsetCommit, .offsetFetch, .findCoordinator, .joinGroup, .heartbeat,
      .leaveGroup, .syncGroup, .describeGroups, .listGroups, .apiVersions, .createTopics, .deleteTopics, .deleteRecords,
      .initProducerId, .offsetForLeaderEpoch, .describeConfigs, .alterConfigs, .describeLogDirs, .createPartitions,
      .deleteGroups, .electLeaders, .incrementalAlterConfigs, .alterPartitionReassignments, .listPartitionReassignments,
      .offsetDelete, .describeQuorum, .describeCluster, .describeProducers, .unregisterBroker, .listConfigResources,
      .describeTopicPartitions,
    ],
    narrowed: [.initProducerId: 0...5])

  /// The controllers' listener.
  package static let controller = ServedApis([
    .fetch, .apiVersions, .createTopics, .deleteTopics, .alterConfigs, .createPartitions, .electLeaders,
    .incrementalAlterConfigs, .alterPartitionReassignments, .listPartitionReassignments, .vote, .beginQuorumEpoch,
    .endQuorumEpoch, .describeQuorum, .alterPartition, .fetchSnapshot, .describeCluster, .brokerRegistration,
    .brokerHeartbeat, .unregisterBroker, .allocateProducerIds, .controllerRegistration,
  ])

  /// What ApiVersions lists: as handled, but for Produce, which lists 0–2 too.
  ///
  /// librdkafka before 2.11.1 turns compression off when Produce 0 is not listed; Kafka lists it for the same reason and
  /// refuses it as well (KAFKA-18659).
  var advertised: [(api: ApiKey, range: ClosedRange<Int16>)] {
    versions.map { api, range in (api, api == .produce ? 0...range.upperBound : range) }
      .sorted { $0.api.rawValue < $1.api.rawValue }
  }
}
