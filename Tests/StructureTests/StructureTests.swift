import Foundation
import Testing

/// Whatever decides: pure value types, fed by events.
private let cores: Set<String> = ["Consensus", "Controller", "Replication", "Groups", "Social", "Checker", "Metrics"]
/// Formats and storage, which cores and shells stand on.
private let formats: Set<String> = ["Primitives", "Wire", "Records", "CommitLog"]
/// Everything that ends up in a broker besides those.
private let broker: Set<String> = [
  "Broker", "BrokerCore", "EventLoop", "PosixFiles", "Simulator", "streamsocial-broker",
]
private let system: Set<String> = ["Glibc", "Darwin", "Musl", "Synchronization"]
private let foundation: Set<String> = ["Foundation", "FoundationEssentials"]

private func table() throws -> ModuleTable {
  let package = SourceText.root.appendingPathComponent("Package.swift")
  return ModuleTable(packageText: try String(contentsOf: package, encoding: .utf8))
}

/// What a module may import from the toolchain, beyond what the table gives it.
private func toolchain(for module: ModuleTable.Module) -> Set<String> {
  if module.kind == .tests { return system.union(foundation).union(["Testing", "Dispatch"]) }
  if cores.contains(module.name) || ["BrokerCore", "Simulator"].contains(module.name) { return [] }
  if formats.contains(module.name) { return module.name == "Primitives" ? system : [] }
  if broker.contains(module.name) { return system }
  // Foundation itself only in the other branch of `canImport(FoundationEssentials)`: Apple's systems have no such module.
  return system.union(foundation)
}

/// An import that the table does not allow is a cycle or a shared bug of tomorrow.
@Test func everyImportIsInTheModuleTable() throws {
  let table = try table()
  #expect(table.modules.count > 25)
  var seen = 0
  for module in table.modules where module.kind == .library || module.kind == .executable || module.kind == .tests {
    let folder = module.kind == .tests ? "Tests/\(module.name)" : "Sources/\(module.name)"
    let allowed = Set(module.dependencies).union(toolchain(for: module))
    for file in try SourceText.files(in: folder) {
      seen += 1
      for name in file.imports {
        #expect(allowed.contains(name), "\(file.path) imports \(name), which \(module.name) may not")
      }
    }
  }
  #expect(seen > 50)
}

/// Cores do not know one another: what joins them is a shell or the simulator.
@Test func coresDoNotDependOnOneAnother() throws {
  let table = try table()
  for name in cores {
    let module = try #require(table.module(name), "\(name) is not in Package.swift")
    #expect(cores.isDisjoint(with: module.dependencies), "\(name) depends on another core")
  }
}

/// The checker shares no code with what it judges.
@Test func theCheckerStandsAlone() throws {
  #expect(try table().module("Checker")?.dependencies == ["Primitives"])
}

/// A C library is touched in exactly one module.
@Test func everySystemLibraryHasOneOwner() throws {
  let table = try table()
  for library in table.modules where library.kind == .system {
    let owners = table.modules.filter { $0.kind != .tests && $0.dependencies.contains(library.name) }.map(\.name)
    #expect(owners.count <= 1, "\(library.name) is used by \(owners)")
  }
}

/// Neither a clock, nor chance without a seed, nor tasks, nor output where decisions are made: a simulated history
/// must be the same every time.
@Test func coresArePure() throws {
  let banned = [
    "Date", "SystemRandomNumberGenerator", "Task", "async", "await", "actor", "ContinuousClock", "SuspendingClock",
    "DispatchQueue", "Thread", "print", "getenv", "fatalError", "try!", "as!",
  ]
  for core in cores.sorted() + ["BrokerCore", "Simulator"] {
    for file in try SourceText.files(in: "Sources/\(core)") {
      for word in banned {
        let lines = file.lines(with: word)
        #expect(lines.isEmpty, "\(file.path):\(lines.first ?? 0) uses \(word)")
      }
      #expect(unseeded(file).isEmpty, "\(file.path):\(unseeded(file).first ?? 0) draws without a seeded source")
    }
  }
}

/// No input may trap: forced tries and casts, and `fatalError`, are nowhere in what we ship, save for `invariant`.
@Test func shippedCodeDoesNotForce() throws {
  for module in try table().modules where module.kind == .library || module.kind == .executable {
    for file in try SourceText.files(in: "Sources/\(module.name)") {
      if file.path == "Sources/Primitives/Invariant.swift" { continue }
      for word in ["try!", "as!", "fatalError"] {
        let lines = file.lines(with: word)
        #expect(lines.isEmpty, "\(file.path):\(lines.first ?? 0) uses \(word)")
      }
    }
  }
}

/// `.random(` and `.shuffled(` that are not given a source with `using:` on the same line.
private func unseeded(_ file: SourceText) -> [Int] {
  file.code.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { number, line in
    let draws = [".random(", ".shuffled(", ".shuffle(", ".randomElement("].contains { line.contains($0) }
    return draws && !line.contains("using:") && !line.contains("func ") ? number + 1 : nil
  }
}

// MARK: the rules bite

@Test func sourcesAreReadAsSwiftReadsThem() {
  let file = SourceText(
    path: "x",
    text: """
      import Foundation // why
      @testable import Wire
      import struct Records.Record
      // import Hidden
      /* await */ let a = "Task { }" ; let taskList = 1
      let b = Task { await x }
      let c = Int.random(in: 0...1)
      let d = Int.random(in: 0...1, using: &source)
      """)
  #expect(file.imports == ["Foundation", "Wire", "Records"])
  #expect(file.lines(with: "Task") == [6])
  #expect(file.lines(with: "await") == [6])
  #expect(unseeded(file) == [7])
}

@Test func theModuleTableIsReadAsSwiftPMReadsIt() {
  let table = ModuleTable(
    packageText: """
      func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target { .target(name: name) }
      let a = [library("One"), library("Two", ["One", "CZ"]), // library("Three")
        .executableTarget(name: "tool", dependencies: ["Two"], swiftSettings: strict),
        system("CZ", pkgConfig: "z", apt: "z", brew: "z"), tests("OneTests", ["One"])]
      """)
  #expect(table.modules.map(\.name) == ["One", "Two", "tool", "CZ", "OneTests"])
  #expect(table.module("Two")?.dependencies == ["One", "CZ"])
  #expect(table.module("tool")?.dependencies == ["Two"])
  #expect(table.module("One")?.dependencies == [])
}
