import Primitives

/// Where a broker or a controller can be reached under one listener's name.
public struct NodeListener: Hashable, Sendable {
  public var name: String
  public var host: String
  public var port: UInt16
  /// Kafka's number of the security protocol: 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL.
  public var securityProtocol: Int16

  public init(name: String, host: String, port: UInt16, securityProtocol: Int16) {
    self.name = name
    self.host = host
    self.port = port
    self.securityProtocol = securityProtocol
  }
}

/// A range of levels of a feature that a node can run.
public struct SupportedFeature: Hashable, Sendable {
  public var name: String
  public var minLevel: Int16
  public var maxLevel: Int16

  public init(name: String, minLevel: Int16, maxLevel: Int16) {
    self.name = name
    self.minLevel = minLevel
    self.maxLevel = maxLevel
  }
}

/// A broker as the metadata knows it (KIP-631).
public struct BrokerRegistration: Equatable, Sendable {
  public var id: BrokerID
  /// The offset of its registration record: one value for one process life.
  public var epoch: BrokerEpoch
  public var incarnation: UUID128
  public var listeners: [NodeListener]
  public var features: [SupportedFeature]
  public var rack: String?
  /// A fenced broker leads nothing, is in no ISR and is hidden from clients.
  public var fenced: Bool
  public var inControlledShutdown: Bool
  public var logDirs: [UUID128]
  public var cordonedLogDirs: [UUID128]?

  /// Whether it may lead and enter an ISR: neither fenced nor on its way out.
  public var isActive: Bool { !fenced && !inControlledShutdown }

  public func listener(_ name: String) -> NodeListener? { listeners.first { $0.name == name } }
}

/// A controller as it registered itself (KIP-919).
public struct ControllerNode: Equatable, Sendable {
  public var id: BrokerID
  public var incarnation: UUID128
  public var listeners: [NodeListener]
  public var features: [SupportedFeature]
}
