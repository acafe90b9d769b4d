import Configuration
import Foundation

@testable import Sweeps

/// A folder with a trace and sweeps of it, gone at the end.
final class SweepFolder {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "needletail-sweep-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try write("a.sass", "CS2R.32 R2, SR_CLOCKLO\nNOP\n")
    try write("b.sass", "NOP\n")
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    return path(name)
  }

  /// A text as YAML has it.
  static func quoted(_ text: String) -> String {
    "\"\(text.replacing("\"", with: "\\\""))\""
  }

  /// A sweep with this text.
  func spec(_ text: String) throws -> SweepSpec {
    try SweepSpec(file: try write("sweep.yaml", text))
  }

  func points(_ text: String) throws -> [SweepPoint] {
    try PointList(try spec(text)) { _ in }.points
  }

  /// What is wrong with a sweep of this text, without the file's name.
  func error(_ text: String) throws -> String? {
    do {
      _ = try points(text)
      return nil
    } catch let error as ConfigurationError {
      return error.description.replacing(path("sweep.yaml") + ":", with: "")
    }
  }
}
