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
    default: return try imported(path, progress)
    }
  }

  private static func standardInput() throws -> [UInt8] {
    guard let data = try? FileHandle.standardInput.read(upToCount: 1 << 26),
      Listing.recognises([UInt8](data))
    else {
      throw InputError("standard input: only a listing can be read from there")
    }
    return [UInt8](data)
  }

  private static func imported(_ path: String, _ progress: (Int) -> Void) throws -> any TraceProgram
  {
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
    _ = try TraceImporter.importTrace(from: path, into: &writer, progress: progress)
    try writer.finish()
    return try ContainerProgram(path: container)
  }
}
