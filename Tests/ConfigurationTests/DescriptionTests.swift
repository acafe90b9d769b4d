import Foundation
import Machine
import Testing

@testable import Configuration

private let root = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
private let directory = ConfigurationDirectory(path: root.appendingPathComponent("Configs").path)

/// A user's file with the given text, on top of a shipped base.
private func load(_ text: String, overrides: [String] = []) throws -> MachineDescription {
  let file = FileManager.default.temporaryDirectory.appendingPathComponent("needletail-\(UUID().uuidString).yaml")
  try Data(text.utf8).write(to: file)
  defer { try? FileManager.default.removeItem(at: file) }
  return try MachineDescription.load(file.path, overrides: overrides, directory: directory)
}

private func failure(_ body: () throws -> Void) -> ConfigurationError? {
  do {
    try body()
    return nil
  } catch { return error as? ConfigurationError }
}

@Suite struct DescriptionTests {
  @Test(arguments: directory.names) func `a shipped description resolves and says where its values are from`(name: String) throws {
    let machine = try MachineDescription.load(name, directory: directory)
    #expect(machine.spec.smCount > 0)
    #expect(machine.values.count > 100)
    #expect(machine.values.allSatisfy { !$0.source.isEmpty })
  }

  @Test func `a misspelt name is pointed at with its line and the nearest valid one`() throws {
    let error = try #require(failure { _ = try load("base: rtx-a6000\nsm:\n  registerFile:\n    readPort: 2\n") })
    #expect(error.line == 4)
    #expect(error.message.contains("sm.registerFile.readPort"))
    #expect(error.message.contains("sm.registerFile.readPorts"))
    #expect(error.kind == .data)
  }

  @Test func `a wrong unit is an error with file and line`() throws {
    let error = try #require(failure { _ = try load("base: rtx-a6000\nclocks:\n  core: 1800 MB\n") })
    #expect(error.line == 3)
    #expect(error.message.contains("MHz"))
  }

  @Test func `a value out of range is refused`() throws {
    let error = try #require(failure { _ = try load("base: rtx-a6000\nsm:\n  warps: 47\n") })
    #expect(error.message.contains("sm.warps"))
  }

  @Test func `overrides change values and unknown ones are usage errors`() throws {
    let machine = try MachineDescription.load(
      "rtx-a6000", overrides: ["sm.registerFile.readPorts=2", "sm.dependence.mode=scoreboard", "sm.frontEnd.l0.size=16 KiB"],
      directory: directory)
    #expect(machine.spec.sm.registerFile.readPorts == 2)
    #expect(machine.spec.sm.dependence.mode == .scoreboard)
    #expect(machine.spec.sm.frontEnd.l0.size.count == 16384)
    for bad in ["sm.registerFile.readPortz=2", "nonsense", "sm.warps=many", "smCount=0"] {
      let error = try #require(failure { _ = try MachineDescription.load("rtx-a6000", overrides: [bad], directory: directory) })
      #expect(error.kind == .usage, "\(bad): \(error)")
    }
  }

  @Test func `an unknown GPU is a usage error that names the nearest`() throws {
    let error = try #require(failure { _ = try MachineDescription.load("rtx-a600", directory: directory) })
    #expect(error.kind == .usage && error.message.contains("rtx-a6000"))
  }

  @Test func `a base that leads back to itself is refused`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("needletail-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, base) in [("one", "two.yaml"), ("two", "one.yaml")] {
      try Data("base: \(base)\n".utf8).write(to: folder.appendingPathComponent("\(name).yaml"))
    }
    let error = try #require(failure { _ = try MachineDescription.load(folder.path + "/one.yaml", directory: directory) })
    #expect(error.message.contains("itself"))
  }

  @Test func `the fingerprint follows the values`() throws {
    let one = try MachineDescription.load("rtx-a6000", directory: directory)
    let same = try MachineDescription.load("rtx-a6000", directory: directory)
    let other = try MachineDescription.load("rtx-a6000", overrides: ["sm.latencies.sfu=18"], directory: directory)
    #expect(one.hash == same.hash)
    #expect(one.hash != other.hash)
  }

  @Test func `damaged files are refused, never trapped on`() throws {
    let base = try String(contentsOf: root.appendingPathComponent("Configs/families/ga10x.yaml"), encoding: .utf8)
    var bytes = Array(base.utf8.prefix(6000))
    var state: UInt64 = 42
    func random(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % below
    }
    for _ in 0..<60 {
      var mutated = bytes
      for _ in 0...random(6) { mutated[random(mutated.count)] = UInt8(random(256)) }
      _ = failure { _ = try load(String(decoding: mutated, as: UTF8.self)) }
      if random(20) == 0 { bytes.removeLast(random(200)) }
    }
  }
}
