// swift-tools-version: 6.2
import PackageDescription

/// Every target treats warnings as errors and speaks Swift 6.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error), .swiftLanguageMode(.v6)]

/// For modules whose tests look inside. Also in release: what is shipped is what is tested.
let testable: [SwiftSetting] = strict + [.unsafeFlags(["-enable-testing"])]

func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], settings: [SwiftSetting] = strict
) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: [], resources: resources, swiftSettings: strict)
}

func system(_ name: String, pkgConfig: String, apt: String, brew: String) -> Target {
  .systemLibrary(
    name: name, path: "Sources/System/\(name)", pkgConfig: pkgConfig,
    providers: [.apt([apt]), .brew([brew])])
}

let systemLibraries: [Target] = [
  system("CUV", pkgConfig: "libuv", apt: "libuv1-dev", brew: "libuv"),
  system("CRDKafka", pkgConfig: "rdkafka", apt: "librdkafka-dev", brew: "librdkafka"),
  system("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev", brew: "sqlite"),
  system("CMicroHTTPD", pkgConfig: "libmicrohttpd", apt: "libmicrohttpd-dev", brew: "libmicrohttpd"),
  system("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev", brew: "zlib"),
  system("CLZ4", pkgConfig: "liblz4", apt: "liblz4-dev", brew: "lz4"),
  system("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev", brew: "zstd"),
  system("CSnappy", pkgConfig: "snappy", apt: "libsnappy-dev", brew: "snappy"),
  system("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev", brew: "curl"),
  system("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev", brew: "openssl@3"),
]

/// The module table. Imports point down only; `Tests/StructureTests` holds sources to it.
let modules: [Target] = [
  // Storage and formats
  library("Primitives"),
  library("Wire", ["Primitives"]),
  .target(name: "CCRC32C", path: "Sources/CCRC32C"),
  library("Records", ["Primitives", "CCRC32C", "CZlib", "CLZ4", "CZstd", "CSnappy"]),
  library("CommitLog", ["Primitives", "Records"]),
  // Pure cores
  library("Consensus", ["Primitives"]),
  library("Controller", ["Primitives", "Wire"]),
  library("Replication", ["Primitives"]),
  library("Groups", ["Primitives", "Wire"], settings: testable),
  library("Social", ["Primitives"]),
  library("Checker", ["Primitives"]),
  library("Metrics", ["Primitives"], settings: testable),
  // Composition
  library(
    "BrokerCore",
    ["Primitives", "Wire", "Records", "CommitLog", "Consensus", "Controller", "Replication", "Groups"]),
  library(
    "Simulator",
    [
      "Primitives", "Wire", "Records", "CommitLog", "Consensus", "Controller", "Replication", "Groups", "BrokerCore",
      "Checker",
    ]),
  // Shells
  library("EventLoop", ["CUV"], settings: testable),
  library("HTTPServer", ["EventLoop", "CMicroHTTPD"], settings: testable),
  library("PosixFiles", ["CommitLog", "Primitives"]),
  library("CommandLineTool", settings: testable),
  library("KafkaClient", ["Primitives", "Wire", "CRDKafka"]),
  library(
    "Monitor",
    ["Primitives", "Wire", "Records", "KafkaClient", "CommandLineTool", "Metrics", "COpenSSL", "CCurl"],
    settings: testable),
  .target(name: "CDashboardWeb", path: "Sources/CDashboardWeb"),
  library(
    "Dashboard",
    ["HTTPServer", "EventLoop", "Monitor", "KafkaClient", "Metrics", "Wire", "Records", "Primitives", "CDashboardWeb"],
    exclude: ["Web"]),
  library("ClusterHost", ["Primitives", "Wire", "KafkaClient", "CommandLineTool"], settings: testable),
  library("Lab", ["Primitives", "Social", "Checker", "KafkaClient", "ClusterHost", "CommandLineTool"]),
  library(
    "Broker",
    [
      "Primitives", "Wire", "Records", "CommitLog", "Consensus", "Controller", "Replication", "Groups", "BrokerCore",
      "EventLoop", "PosixFiles", "Metrics", "HTTPServer",
    ], settings: testable),
  .executableTarget(name: "streamsocial-broker", dependencies: ["Broker", "Primitives"], swiftSettings: strict),
  .executableTarget(
    name: "streamsocial",
    dependencies: [
      "CommandLineTool", "ClusterHost", "KafkaClient", "Lab", "Monitor", "Dashboard", "HTTPServer", "Social",
      "Primitives", "Wire", "Records", "CommitLog", "PosixFiles",
    ], swiftSettings: strict),
]

let testTargets: [Target] = [
  tests("PrimitivesTests", ["Primitives"]),
  tests("WireTests", ["Wire", "Primitives"]),
  tests("RecordsTests", ["Records", "Primitives"]),
  tests("CommitLogTests", ["CommitLog", "PosixFiles", "Records", "Primitives"]),
  tests("ConsensusTests", ["Consensus", "Simulator", "Primitives"]),
  tests("ControllerTests", ["Controller", "Wire", "Primitives"]),
  tests("SimulatorTests", ["Simulator", "Primitives"]),
  tests("GroupsTests", ["Groups", "Wire", "Primitives"]),
  tests("SocialTests", ["Social", "Primitives"]),
  tests("CheckerTests", ["Checker", "Primitives"]),
  tests("MetricsTests", ["Metrics", "Primitives"]),
  tests("DashboardTests", ["Dashboard", "Monitor", "HTTPServer", "HTTPTestClient"]),
  tests("MonitorTests", ["Records", "Monitor", "KafkaClient", "CommandLineTool", "Metrics", "Primitives", "Wire"]),
  tests("LabTests", ["Lab", "Checker", "KafkaClient", "Social", "CommandLineTool"]),
  tests("BrokerTests", ["Broker", "CommitLog", "Controller", "Metrics", "Primitives", "Wire"]),
  tests("CommandLineToolTests", ["CommandLineTool"]),
  tests("EventLoopTests", ["EventLoop"]),
  .target(name: "HTTPTestClient", path: "Tests/HTTPTestClient", swiftSettings: strict),
  tests("HTTPServerTests", ["HTTPServer", "EventLoop", "HTTPTestClient"]),
  tests("ClusterHostTests", ["ClusterHost", "CommandLineTool", "KafkaClient"]),
  tests("StructureTests", []),
]

let package = Package(
  name: "StreamSocial",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "streamsocial", targets: ["streamsocial"]),
    .executable(name: "streamsocial-broker", targets: ["streamsocial-broker"]),
  ],
  targets: systemLibraries + modules + testTargets
)
