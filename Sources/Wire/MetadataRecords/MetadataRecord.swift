/// A record of `__cluster_metadata`: the body of one of the types below.
public protocol MetadataRecordMessage: Message {
  /// The record's type, as it stands in its frame.
  static var type: UInt32 { get }
}

/// A metadata record of any known type, and how it lies in a record's value: frame version 1, type, version (unsigned
/// varints), body. Source: KIP-631.
public enum MetadataRecord: Equatable, Sendable {
  case registerBroker(RegisterBrokerRecord)
  case unregisterBroker(UnregisterBrokerRecord)
  case topic(TopicRecord)
  case partition(PartitionRecord)
  case config(ConfigRecord)
  case partitionChange(PartitionChangeRecord)
  case fenceBroker(FenceBrokerRecord)
  case unfenceBroker(UnfenceBrokerRecord)
  case removeTopic(RemoveTopicRecord)
  case featureLevel(FeatureLevelRecord)
  case producerIds(ProducerIdsRecord)
  case brokerRegistrationChange(BrokerRegistrationChangeRecord)
  case noOp(NoOpRecord)
  case beginTransaction(BeginTransactionRecord)
  case endTransaction(EndTransactionRecord)
  case abortTransaction(AbortTransactionRecord)
  case registerController(RegisterControllerRecord)
  case clearElr(ClearElrRecord)

  /// The version of each type that is written at metadata.version 4.3-IV0.
  public var version: Int16 {
    switch self {
    case .registerBroker: 3
    case .partition, .partitionChange: 2
    default: message.0.validVersions.lowerBound
    }
  }

  private var message: (any MetadataRecordMessage.Type, any MetadataRecordMessage) {
    switch self {
    case .registerBroker(let r): (RegisterBrokerRecord.self, r)
    case .unregisterBroker(let r): (UnregisterBrokerRecord.self, r)
    case .topic(let r): (TopicRecord.self, r)
    case .partition(let r): (PartitionRecord.self, r)
    case .config(let r): (ConfigRecord.self, r)
    case .partitionChange(let r): (PartitionChangeRecord.self, r)
    case .fenceBroker(let r): (FenceBrokerRecord.self, r)
    case .unfenceBroker(let r): (UnfenceBrokerRecord.self, r)
    case .removeTopic(let r): (RemoveTopicRecord.self, r)
    case .featureLevel(let r): (FeatureLevelRecord.self, r)
    case .producerIds(let r): (ProducerIdsRecord.self, r)
    case .brokerRegistrationChange(let r): (BrokerRegistrationChangeRecord.self, r)
    case .noOp(let r): (NoOpRecord.self, r)
    case .beginTransaction(let r): (BeginTransactionRecord.self, r)
    case .endTransaction(let r): (EndTransactionRecord.self, r)
    case .abortTransaction(let r): (AbortTransactionRecord.self, r)
    case .registerController(let r): (RegisterControllerRecord.self, r)
    case .clearElr(let r): (ClearElrRecord.self, r)
    }
  }

  /// The record's value as it is stored.
  public func encoded() -> [UInt8] {
    let (type, body) = message
    var coder = Coder(writing: [], version: 0, flexible: true)
    var frameVersion: UInt32 = 1
    var number = type.type
    var versionNumber = UInt32(UInt16(bitPattern: version))
    do throws(DecodeError) {
      try coder.unsignedVarint(&frameVersion)
      try coder.unsignedVarint(&number)
      try coder.unsignedVarint(&versionNumber)
    } catch {}
    var output = coder.takeOutput()
    body.encode(version: version, into: &output)
    return output
  }

  /// Reads a stored value.
  public static func decode(_ bytes: UnsafeRawBufferPointer) throws(DecodeError) -> MetadataRecord {
    var coder = Coder(reading: bytes, version: 0, flexible: true)
    var frame: UInt32 = 0
    var type: UInt32 = 0
    var number: UInt32 = 0
    try coder.unsignedVarint(&frame)
    guard frame == 1 else { throw .unknownType(Int(frame), at: 0) }
    try coder.unsignedVarint(&type)
    try coder.unsignedVarint(&number)
    guard let version = Int16(exactly: number) else { throw .unsupportedVersion(.max) }
    let at = coder.position
    switch type {
    case RegisterBrokerRecord.type: return .registerBroker(try .decode(bytes, version: version, from: at))
    case UnregisterBrokerRecord.type: return .unregisterBroker(try .decode(bytes, version: version, from: at))
    case TopicRecord.type: return .topic(try .decode(bytes, version: version, from: at))
    case PartitionRecord.type: return .partition(try .decode(bytes, version: version, from: at))
    case ConfigRecord.type: return .config(try .decode(bytes, version: version, from: at))
    case PartitionChangeRecord.type: return .partitionChange(try .decode(bytes, version: version, from: at))
    case FenceBrokerRecord.type: return .fenceBroker(try .decode(bytes, version: version, from: at))
    case UnfenceBrokerRecord.type: return .unfenceBroker(try .decode(bytes, version: version, from: at))
    case RemoveTopicRecord.type: return .removeTopic(try .decode(bytes, version: version, from: at))
    case FeatureLevelRecord.type: return .featureLevel(try .decode(bytes, version: version, from: at))
    case ProducerIdsRecord.type: return .producerIds(try .decode(bytes, version: version, from: at))
    case BrokerRegistrationChangeRecord.type:
      return .brokerRegistrationChange(try .decode(bytes, version: version, from: at))
    case NoOpRecord.type: return .noOp(try .decode(bytes, version: version, from: at))
    case BeginTransactionRecord.type: return .beginTransaction(try .decode(bytes, version: version, from: at))
    case EndTransactionRecord.type: return .endTransaction(try .decode(bytes, version: version, from: at))
    case AbortTransactionRecord.type: return .abortTransaction(try .decode(bytes, version: version, from: at))
    case RegisterControllerRecord.type: return .registerController(try .decode(bytes, version: version, from: at))
    case ClearElrRecord.type: return .clearElr(try .decode(bytes, version: version, from: at))
    default: throw .unknownType(Int(type), at: 0)
    }
  }

  public static func decode(_ bytes: [UInt8]) throws(DecodeError) -> MetadataRecord {
    let result: Result<MetadataRecord, DecodeError> = bytes.withUnsafeBytes { raw in
      do throws(DecodeError) { return .success(try decode(raw)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}
