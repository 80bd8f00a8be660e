import Controller
import Primitives
import Wire

/// DescribeCluster, versions 0–2. Authorized operations are not reported; on the clients' listener brokers only (endpoint
/// type 1), as in Kafka.
extension DataPlane {
  func describeCluster(_ context: RequestContext, _ request: DescribeClusterRequest) {
    var response = DescribeClusterResponse()
    response.clusterId = clusterID
    response.endpointType = 1
    if context.version >= 1, request.endpointType != 1 {
      response.errorCode = ErrorCode.mismatchedEndpointType.rawValue
      response.errorMessage = "This is a broker: it describes brokers (endpoint type 1) only"
      return context.reply(response)
    }
    response.controllerId = anyLiveBroker.rawValue
    let brokers = request.includeFencedBrokers ? image.sortedBrokers : image.liveBrokers
    response.brokers = brokers.map { broker in
      var entry = DescribeClusterResponse.DescribeClusterBroker()
      let endpoint = clientEndpoint(of: broker)
      entry.brokerId = broker.id.rawValue
      entry.host = endpoint.host
      entry.port = Int32(endpoint.port)
      entry.rack = broker.rack
      entry.isFenced = broker.fenced
      return entry
    }
    context.reply(response)
  }
}
