import Foundation
import ISA
import Simulation

/// Opens whatever a user calls a trace, recognised by its content.
enum ProgramLoader {
  static func load(_ path: String) throws -> any TraceProgram {
    let bytes = try Self.bytes(path)
    guard Listing.recognises(bytes) else {
      throw InputError("\(path): is no trace that needletail knows")
    }
    return ListingProgram(try Listing.parse(bytes, file: path))
  }

  private static func bytes(_ path: String) throws -> [UInt8] {
    let handle = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
    guard let handle, let data = try? handle.read(upToCount: 64 << 20) ?? Data() else {
      throw InputError("\(path): cannot be read")
    }
    return [UInt8](data)
  }
}
