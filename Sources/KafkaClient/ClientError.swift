import CRDKafka

/// What librdkafka reported, in its own words.
public struct ClientError: Error, Equatable, Sendable, CustomStringConvertible {
  /// librdkafka's code: negative ones are its own, others are Kafka's.
  public var code: Int32
  public var description: String

  public init(code: Int32, _ description: String) {
    self.code = code
    self.description = description
  }

  init(_ code: rd_kafka_resp_err_t, doing action: String) {
    self.init(code: code.rawValue, action + ": " + String(cString: rd_kafka_err2str(code)))
  }

  /// librdkafka's name of a code, such as `_MSG_TIMED_OUT`.
  public static func name(of code: Int32) -> String {
    String(cString: rd_kafka_err2name(rd_kafka_resp_err_t(code)))
  }
}

/// One setting of a client, by librdkafka's name.
public struct ClientSetting: Sendable, Equatable {
  public var name: String
  public var value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// Builds librdkafka's configuration.
enum ClientConfiguration {
  /// Ownership of the result passes to `rd_kafka_new`.
  static func make(_ settings: [ClientSetting]) throws(ClientError) -> OpaquePointer {
    guard let configuration = rd_kafka_conf_new() else { throw ClientError(code: -1, "no memory for a client") }
    var text = [CChar](repeating: 0, count: 512)
    for setting in settings {
      if rd_kafka_conf_set(configuration, setting.name, setting.value, &text, text.count) != RD_KAFKA_CONF_OK {
        rd_kafka_conf_destroy(configuration)
        throw ClientError(code: -186, message(text))
      }
    }
    return configuration
  }

  /// Makes the client; the configuration is used up in either case.
  static func client(_ type: rd_kafka_type_t, _ configuration: OpaquePointer) throws(ClientError) -> OpaquePointer {
    var text = [CChar](repeating: 0, count: 512)
    guard let client = rd_kafka_new(type, configuration, &text, text.count) else {
      rd_kafka_conf_destroy(configuration)
      throw ClientError(code: rd_kafka_last_error().rawValue, message(text))
    }
    return client
  }

  private static func message(_ text: [CChar]) -> String {
    String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
