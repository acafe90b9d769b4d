import Foundation
import ISA
import Simulation
import Traces

/// Opens whatever a user calls a trace, recognised by its content. Other tools' traces are imported
/// into a temporary container first, so that memory stays bounded.
enum ProgramLoader {
  static func load(_ path: String, progress: (Int) -> Void) throws -> any TraceProgram {
    if path == "-" {
      return ListingProgram(try Listing.parse(try standardInput(), file: "standard input"))
    }
    switch try TraceImporter.recognise(path) {
    case .container: return try ContainerProgram(path: path)
    case .listing:
      guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 26 else {
        throw InputError("\(path): cannot be read")
      }
      return ListingProgram(try Listing.parse([UInt8](data), file: path))
    default: return try imported(path, progress) { try ContainerProgram(path: $0) }
    }
  }

  /// Opens a trace as a container; everything else is imported into a temporary one.
  static func reader(_ path: String, progress: (Int) -> Void) throws -> TraceReader {
    if path != "-", try TraceImporter.recognise(path) == .container {
      return try TraceReader(path: path)
    }
    return try imported(path, progress) { try TraceReader(path: $0) }
  }

  private static func standardInput() throws -> [UInt8] {
    guard let data = try? FileHandle.standardInput.read(upToCount: 1 << 26),
      Listing.recognises([UInt8](data))
    else {
      throw InputError("standard input: only a listing can be read from there")
    }
    return [UInt8](data)
  }

  /// Imports a trace and opens the container.
  private static func imported<Opened>(
    _ path: String, _ progress: (Int) -> Void, open: (String) throws -> Opened
  ) throws -> Opened {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "needletail-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw OutputError("\(folder.path): cannot be created")
    }
    // The open file outlives its name.
    defer { try? FileManager.default.removeItem(at: folder) }
    let container = folder.appendingPathComponent("imported.ntrace").path
    var writer = try TraceWriter(path: container, origin: "imported from \(path)")
    var source = path
    if path == "-" {
      source = folder.appendingPathComponent("standard-input.sass").path
      try Data(try standardInput()).write(to: URL(fileURLWithPath: source))
    }
    _ = try TraceImporter.importTrace(from: source, into: &writer, progress: progress)
    try writer.finish()
    return try open(container)
  }
}
