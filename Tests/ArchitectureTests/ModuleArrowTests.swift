import Foundation
import Testing

/// The rooms of Docs/architecture.md and who may know whom.
@Suite struct ModuleArrowTests {
  static let allowed: [String: Set<String>] = [
    "CZstd": [],
    "ISA": [],
    "Machine": ["ISA"],
    "Traces": ["ISA", "CZstd", "SwiftProtobuf"],
    "Configuration": ["ISA", "Machine", "Yams"],
    "Simulation": ["Machine", "Traces", "Configuration", "ISA"],
    "Validation": ["Simulation", "Machine", "Configuration", "ISA", "Yams"],
    "Reports": ["Simulation", "Validation", "Machine", "ISA"],
    "Sweeps": ["ISA", "Configuration", "Simulation", "Reports", "CGuestProcess", "GRDB"],
    "Emulator": ["ISA", "Traces"],
    "CCUDARuntime": [],
    "CUDAShim": ["Emulator", "ISA", "Traces", "CCUDARuntime"],
    "CGuestProcess": [],
    "needletail": [
      "CGuestProcess",
      "ISA", "Machine", "Traces", "Configuration", "Simulation", "Validation", "Reports",
      "Sweeps", "Emulator", "ArgumentParser",
    ],
  ]

  /// System modules that any room but the hot one may use, and what that one may: pages of memory.
  static let system: Set<String> = ["Foundation", "Synchronization", "Glibc", "Musl"]
  static let systemOfHotRooms: Set<String> = ["Glibc"]
  /// Libraries that a drawn one is made of.
  static let parts = ["Yams": "CYaml"]

  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Imports of a target's sources.
  private static func imports(_ target: String) throws -> [(file: String, module: String)] {
    let folder = root.appendingPathComponent("Sources/\(target)")
    let files = try #require(FileManager.default.enumerator(atPath: folder.path))
    var found: [(String, String)] = []
    for case let file as String in files where file.hasSuffix(".swift") {
      let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
      for line in text.split(whereSeparator: \.isNewline) {
        if let module = module(importedBy: line) { found.append((file, module)) }
      }
    }
    return found
  }

  /// `@preconcurrency private import struct ISA.Opcode` imports ISA.
  private static func module(importedBy line: Substring) -> String? {
    let words = line.split { $0 == " " || $0 == "\t" }.drop {
      $0.hasPrefix("@")
        || ["public", "package", "internal", "fileprivate", "private"].contains($0)
    }
    guard words.first == "import" else { return nil }
    let kinds: Set<Substring> = [
      "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
    ]
    let name = words.dropFirst().drop { kinds.contains($0) }.first
    return name.map { String($0.prefix { $0.isLetter || $0.isNumber || $0 == "_" }) }
  }

  @Test(
    arguments: [
      ("import Foundation", "Foundation"), ("  @testable import Machine // why", "Machine"),
      ("public import struct ISA.Opcode", "ISA"), ("@preconcurrency private import Glibc", "Glibc"),
      ("// import Foundation", nil), ("let important = 1", nil), ("import Machine;", "Machine"),
    ] as [(String, String?)])
  func `imports are recognised in all their spellings`(line: String, module: String?) {
    #expect(Self.module(importedBy: line[...]) == module)
  }

  @Test(arguments: allowed.keys.sorted())
  func `a room imports only what is drawn`(target: String) throws {
    let drawn = try #require(Self.allowed[target])
    let permitted = drawn.union(drawn.compactMap { Self.parts[$0] }).union(
      target == "Machine" || target == "ISA" ? Self.systemOfHotRooms : Self.system)
    for (file, module) in try Self.imports(target) {
      #expect(permitted.contains(module), "\(target)/\(file) imports \(module)")
    }
  }

  @Test func `every room is drawn, and the manifest's arrows are the drawn ones`() throws {
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent(
      "needletail-arrows-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: scratch) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "swift", "package", "--package-path", Self.root.path, "--scratch-path", scratch.path,
      "dump-package",
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let package = try JSONDecoder().decode(Package.self, from: data)
    let rooms = package.targets.filter { target in
      target.type != "test"
        && !["Tests/", "Examples/"].contains { target.path?.hasPrefix($0) == true }
    }
    for target in rooms {
      let permitted = try #require(Self.allowed[target.name], "\(target.name) is not drawn")
      for dependency in target.dependencies.compactMap(\.name) {
        #expect(permitted.contains(dependency), "\(target.name) depends on \(dependency)")
      }
    }
    #expect(Set(rooms.map(\.name)) == Set(Self.allowed.keys))
  }

  private struct Package: Decodable {
    var targets: [Target]
  }

  private struct Target: Decodable {
    var name: String
    var type: String
    var path: String?
    var dependencies: [Dependency]
  }

  /// `{"byName": ["ISA", null]}` or `{"product": ["Yams", "Yams", …]}`.
  private struct Dependency: Decodable {
    var name: String?

    init(from decoder: any Decoder) throws {
      let kinds = try decoder.singleValueContainer().decode([String: [Piece]].self)
      name = kinds.values.first?.first?.text
    }
  }

  private struct Piece: Decodable {
    var text: String?
    init(from decoder: any Decoder) throws {
      text = try? decoder.singleValueContainer().decode(String.self)
    }
  }
}
