import Foundation

@testable import Configuration

/// A folder of descriptions for one test, removed with it.
final class Scratch {
  let directory: ConfigurationDirectory

  init(_ files: [String: String] = [:]) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("configuration-tests-" + UUID().uuidString)
    directory = ConfigurationDirectory(path: folder.path)
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("families"), withIntermediateDirectories: true)
    for (name, text) in files { try write(text, to: name) }
  }

  deinit { try? FileManager.default.removeItem(atPath: directory.path) }

  func write(_ text: String, to name: String) throws {
    try write(Data(text.utf8), to: name)
  }

  func write(_ data: Data, to name: String) throws {
    try data.write(to: URL(fileURLWithPath: directory.path + "/" + name))
  }
}

/// The project's own descriptions.
enum Shipped {
  static let directory: ConfigurationDirectory = {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { folder.deleteLastPathComponent() }
    return ConfigurationDirectory(path: folder.appendingPathComponent("Configs").path)
  }()

  static func load(_ name: String, _ overrides: String...) throws -> MachineDescription {
    try MachineDescription.load(name, overrides: overrides, directory: directory)
  }

  /// Every value of a GPU in one file of its own, for tests to damage.
  static let resolved: Result<String, any Error> = Result { try load("rtx-a6000").yaml }

  /// The error that loading a user's file with this text gives, if any.
  static func error(
    loading text: String, _ overrides: String...
  ) throws -> ConfigurationError? {
    let scratch = try Scratch()
    return try error(loading: Data(text.utf8), overrides, scratch)
  }

  static func error(
    loading data: Data, _ overrides: [String] = [], _ scratch: Scratch
  ) throws -> ConfigurationError? {
    let folder = try Scratch()
    try folder.write(data, to: "mine.yaml")
    do {
      _ = try MachineDescription.load(
        folder.directory.path + "/mine.yaml", overrides: overrides, directory: directory)
      return nil
    } catch let error as ConfigurationError {
      return error
    }
  }
}
