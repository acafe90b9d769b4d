import Foundation

/// The package's targets and their arrows, as the package manager reads them.
struct PackageManifest {
  struct Target {
    let name: String
    let isTest: Bool
    let dependencies: Set<String>
  }

  let targets: [Target]

  struct Unreadable: Error { let reason: String }

  static let root: URL = {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { folder.deleteLastPathComponent() }
    return folder
  }()

  /// Runs `swift package dump-package`, away from the build folder: `swift test` holds its lock.
  static func read() throws -> PackageManifest {
    let scratch = FileManager.default.temporaryDirectory
      .appendingPathComponent("architecture-tests-" + UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: scratch) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "swift", "package", "--package-path", root.path, "--scratch-path", scratch.path,
      "dump-package",
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Unreadable(reason: "swift package ended with \(process.terminationStatus)")
    }
    return try PackageManifest(json: data)
  }

  init(json: Data) throws {
    guard let package = try JSONSerialization.jsonObject(with: json) as? [String: Any],
      let list = package["targets"] as? [[String: Any]]
    else { throw Unreadable(reason: "no targets in the package's description") }
    targets = try list.map { target in
      guard let name = target["name"] as? String, let type = target["type"] as? String,
        let dependencies = target["dependencies"] as? [[String: Any]]
      else { throw Unreadable(reason: "a target without name, type or dependencies") }
      let names = try dependencies.map { dependency in
        // {"byName": [name, condition]} or {"product": [name, package, …]}.
        guard let fields = dependency.values.first as? [Any], let name = fields.first as? String
        else { throw Unreadable(reason: "a dependency of \(name) without a name") }
        return name
      }
      return Target(name: name, isTest: type == "test", dependencies: Set(names))
    }
  }
}

/// The imports of a target's sources.
enum SourceImports {
  static func modules(of target: String) throws -> [String: [String]] {
    let folder = PackageManifest.root.appendingPathComponent("Sources/" + target)
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    var found: [String: [String]] = [:]
    while let file = files?.nextObject() as? URL {
      guard file.pathExtension == "swift" else { continue }
      let text = try String(contentsOf: file, encoding: .utf8)
      for module in Set(text.split(whereSeparator: \.isNewline).compactMap(module(importedBy:))) {
        found[module, default: []].append(file.lastPathComponent)
      }
    }
    return found
  }

  /// `@testable public import struct A.B` imports A.
  static func module(importedBy line: Substring) -> String? {
    let words = line.split { $0 == " " || $0 == "\t" }
    let isModifier = { (word: Substring) in
      word.hasPrefix("@")
        || ["public", "package", "internal", "fileprivate", "private"].contains(word)
    }
    let rest = words.drop(while: isModifier)
    guard rest.first == "import" else { return nil }
    let kinds: Set<Substring> = [
      "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
    ]
    guard let name = rest.dropFirst().drop(while: kinds.contains).first else { return nil }
    return name.prefix { $0.isLetter || $0.isNumber || $0 == "_" }.description
  }
}
