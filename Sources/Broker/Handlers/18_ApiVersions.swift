import Controller
import Primitives
import Wire

/// ApiVersions, versions 0–4. The client's software name is checked (KIP-511) and otherwise not used.
enum ApiVersionsHandler {
  static func response(
    to request: ApiVersionsRequest, version: Int16, apis: ServedApis, image: MetadataImage
  ) -> ApiVersionsResponse {
    var response = ApiVersionsResponse()
    if version >= 3, !isValid(request.clientSoftwareName) || !isValid(request.clientSoftwareVersion) {
      response.errorCode = ErrorCode.invalidRequest.rawValue
      return response
    }
    response.apiKeys = apis.advertised.map { api, range in
      var entry = ApiVersionsResponse.ApiVersion()
      entry.apiKey = api.rawValue
      entry.minVersion = range.lowerBound
      entry.maxVersion = range.upperBound
      return entry
    }
    guard version >= 3 else { return response }
    // Only version 4 may list features whose minimum is 0 (KAFKA-17011).
    response.supportedFeatures = Features.supported.filter { version >= 4 || $0.range.lowerBound > 0 }.map { feature in
      var key = ApiVersionsResponse.SupportedFeatureKey()
      key.name = feature.name
      key.minVersion = feature.range.lowerBound
      key.maxVersion = feature.range.upperBound
      return key
    }
    response.finalizedFeatures = image.features.sorted { $0.key < $1.key }.map { name, level in
      var key = ApiVersionsResponse.FinalizedFeatureKey()
      key.name = name
      key.maxVersionLevel = level
      key.minVersionLevel = level
      return key
    }
    response.finalizedFeaturesEpoch = image.offset.rawValue
    return response
  }

  /// Kafka's pattern: alphanumeric, with `-` and `.` inside.
  private static func isValid(_ text: String) -> Bool {
    func isAlphanumeric(_ c: UInt8) -> Bool { (48...57).contains(c) || (65...90).contains(c) || (97...122).contains(c) }
    guard let first = text.utf8.first, let last = text.utf8.last, isAlphanumeric(first), isAlphanumeric(last) else {
      return false
    }
    return text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
  }
}

/// The features of a cluster that this broker knows (KIP-584).
enum Features {
  static let supported: [(name: String, range: ClosedRange<Int16>)] = [
    ("eligible.leader.replicas.version", 0...1),
    ("kraft.version", 0...0),
    ("metadata.version", 7...30),
  ]
}
