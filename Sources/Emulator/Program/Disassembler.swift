import Foundation
import ISA

/// Turns cubins into SASS text with the vendor's tools, once for each cubin.
///
/// The tools are looked for in `$NEEDLETAIL_CUDA`, then where the set-up command puts them, then
/// on the path. Texts are kept by content, so that a program runs again without them.
public struct Disassembler: Sendable {
  private let folders: [URL]
  private let cache: URL
  /// Ready texts of other places, by the same names as the cache's.
  private let library: URL?

  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    var folders: [URL] = []
    if let root = environment["NEEDLETAIL_CUDA"], !root.isEmpty {
      let url = URL(fileURLWithPath: root)
      folders += [
        url, url.appendingPathComponent("bin"), url.appendingPathComponent("nvidia/cu13/bin"),
      ]
    }
    let home = URL(fileURLWithPath: environment["HOME"] ?? "/")
    let base =
      environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
      ?? home.appendingPathComponent(".cache")
    folders.append(base.appendingPathComponent("needletail/cuda-13.5/nvidia/cu13/bin"))
    folders += (environment["PATH"] ?? "").split(separator: ":").map {
      URL(fileURLWithPath: String($0))
    }
    self.folders = folders
    cache = base.appendingPathComponent("needletail/sass")
    library = environment["NEEDLETAIL_SASS"].flatMap {
      $0.isEmpty ? nil : URL(fileURLWithPath: $0)
    }
  }

  /// The disassembly of a cubin.
  public func disassemble(_ cubin: [UInt8]) throws -> Disassembly {
    let name = Self.fingerprint(cubin) + ".sass"
    for folder in [library, cache].compactMap({ $0 }) {
      if let data = try? Data(contentsOf: folder.appendingPathComponent(name)) {
        return try parse(String(decoding: data, as: UTF8.self))
      }
    }
    let text = try Self.inTemporaryFile(cubin, suffix: ".cubin") { file in
      try run("cuobjdump", ["-sass", file])
    }
    let result = try parse(text)
    try? FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
    try? Data(text.utf8).write(to: cache.appendingPathComponent(name), options: .atomic)
    return result
  }

  private func parse(_ text: String) throws -> Disassembly {
    do {
      return try Disassembly(parsing: text)
    } catch {
      throw ModuleError("the disassembly cannot be read: \(error)")
    }
  }

  /// Compiles PTX for an architecture.
  public func assemble(_ text: [UInt8], for architecture: Architecture) throws -> [UInt8] {
    let source = text.prefix { $0 != 0 }
    return try Self.inTemporaryFile(Array(source), suffix: ".ptx") { file in
      let output = file + ".cubin"
      defer { try? FileManager.default.removeItem(atPath: output) }
      _ = try run("ptxas", ["-arch=\(architecture)", "-o", output, file])
      guard FileManager.default.fileExists(atPath: output) else {
        throw ModuleError("ptxas made no code of the program's PTX")
      }
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: output)))
    }
  }

  private static func inTemporaryFile<T>(
    _ bytes: [UInt8], suffix: String, _ body: (String) throws -> T
  ) throws -> T {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(
      "needletail-\(UUID().uuidString)\(suffix)")
    defer { try? FileManager.default.removeItem(at: file) }
    do {
      try Data(bytes).write(to: file)
    } catch {
      throw ModuleError("\(file.path): cannot be written; is the disk full?", isSystemFailure: true)
    }
    return try body(file.path)
  }

  /// Standard output of a tool.
  private func run(_ tool: String, _ arguments: [String]) throws -> String {
    guard
      let folder = folders.first(where: {
        FileManager.default.isExecutableFile(atPath: $0.appendingPathComponent(tool).path)
      })
    else {
      throw ModuleError(
        "\(tool) is not found; Traces/toolchain/setup fetches the compiler packages, or set "
          + "NEEDLETAIL_CUDA to a CUDA toolkit", isSystemFailure: true)
    }
    let process = Process()
    process.executableURL = folder.appendingPathComponent(tool)
    process.arguments = arguments
    var environment = ProcessInfo.processInfo.environment
    environment["LD_PRELOAD"] = nil
    environment["LD_LIBRARY_PATH"] = nil
    environment["PATH"] = folder.path + ":" + (environment["PATH"] ?? "")
    process.environment = environment
    let output = FileManager.default.temporaryDirectory.appendingPathComponent(
      "needletail-\(UUID().uuidString).out")
    _ = FileManager.default.createFile(atPath: output.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: output) }
    let handle = try FileHandle(forWritingTo: output)
    process.standardOutput = handle
    process.standardError = handle
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try handle.close()
    let text = String(decoding: try Data(contentsOf: output), as: UTF8.self)
    guard process.terminationStatus == 0 else {
      let line = text.split(separator: "\n").first.map(String.init) ?? "no message"
      throw ModuleError("\(tool) failed: \(line)")
    }
    return text
  }

  /// A name for contents: 128 bits of two FNV-1a hashes.
  static func fingerprint(_ bytes: [UInt8]) -> String {
    var first: UInt64 = 0xcbf2_9ce4_8422_2325
    var second: UInt64 = 0x6c62_272e_07bb_0142
    for byte in bytes {
      first = (first ^ UInt64(byte)) &* 0x100_0000_01b3
      second = (second ^ UInt64(byte &+ 0x5b)) &* 0x100_0000_01b3
    }
    func hex(_ value: UInt64) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }
    return hex(first) + hex(second)
  }
}
