import Foundation
import ISA

/// What an import found.
public struct ImportReport: Sendable {
  public var kernels = 0
  public var ctas = 0
  public var warpInstructions = 0
  /// Bytes of uncompressed input.
  public var bytesRead = 0
  public var warnings: [String] = []
}

/// Reads other tools' traces into a sink, recognised by content.
public enum TraceImporter {
  public enum Kind: Sendable {
    case container, listing, accelSimList, accelSimKernel, micro25, tracez
  }

  /// What kind of trace `path` is: a file, or the folder of one.
  public static func recognise(_ path: String) throws -> Kind {
    let path = try file(of: path)
    let start = try TextSource(path: path).read()
    if TraceReader.recognises(start) { return .container }
    let text = String(decoding: start.prefix(4096), as: UTF8.self)
    let lines = text.split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    if lines.first?.hasPrefix("-") == true, lines.contains(where: { $0.hasPrefix("-kernel name") })
    {
      return isTracez(start) ? .tracez : .accelSimKernel
    }
    if Listing.recognises(start) { return .listing }
    if !start.prefix(4096).contains(0), lines.contains(where: Self.isCommand) {
      return .accelSimList
    }
    if Micro25Importer.recognises(start) { return .micro25 }
    throw TraceError(path, "is no trace that needletail knows")
  }

  /// A command of `kernelslist.g`; others are for other readers.
  private static func isCommand(_ line: String) -> Bool {
    // A file name or a copy command is one word; prose that begins with "kernel" is not.
    (line.hasPrefix("Memcpy") || line.hasPrefix("kernel")) && !line.contains(" ")
  }

  /// The header of a `.tracez` ends with a zero, that of a text trace with its blocks.
  private static func isTracez(_ start: [UInt8]) -> Bool {
    guard let zero = start.firstIndex(of: 0) else { return false }
    return !String(decoding: start[..<zero], as: UTF8.self).contains("#BEGIN_TB")
  }

  /// What a folder holds stands for the folder.
  private static func file(of path: String) throws -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw TraceError(path, "does not exist")
    }
    guard isFolder.boolValue else { return path }
    let names = ["kernelslist.g", "dynamic_trace.pb"]
    let found = names.map { URL(fileURLWithPath: path).appendingPathComponent($0).path }
      .filter { FileManager.default.fileExists(atPath: $0) }
    guard found.count == 1 else {
      throw TraceError(
        path,
        "is a folder with \(found.isEmpty ? "neither" : "both") of \(names[0]) and \(names[1])")
    }
    return found[0]
  }

  /// Imports `path` into `sink`. `progress` gets the bytes read so far.
  public static func importTrace(
    from path: String, into sink: inout some TraceSink, progress: (Int) -> Void = { _ in }
  ) throws -> ImportReport {
    var report = ImportReport()
    let path = try file(of: path)
    switch try recognise(path) {
    case .container: throw TraceError(path, "is a trace container already")
    case .listing: try importListing(path, &sink, &report)
    case .accelSimKernel: try importKernel(path, &sink, &report, progress)
    case .accelSimList: try importList(path, &sink, &report, progress)
    case .tracez: try importTracez(path, &sink, &report)
    case .micro25: try Micro25Importer(path: path).importTrace(into: &sink, &report, progress)
    }
    return report
  }

  private static func importListing(
    _ path: String, _ sink: inout some TraceSink, _ report: inout ImportReport
  ) throws {
    var bytes: [UInt8] = []
    let source = try TextSource(path: path)
    while true {
      let block = try source.read()
      if block.isEmpty { break }
      bytes += block
      guard bytes.count < 1 << 26 else { throw TraceError(path, "is too large for a listing") }
    }
    report.bytesRead = bytes.count
    for command in try Listing.parse(bytes, file: path).commands {
      switch command {
      case .copy(let address, let count):
        try sink.memoryCopy(MemoryCopy(direction: .hostToDevice, address: address, bytes: count))
      case .kernel(let kernel):
        try sink.beginKernel(kernel.launch)
        for index in 0..<kernel.launch.grid.count {
          let cta = kernel.cta(index: index)
          report.warpInstructions += cta.instructions.count
          report.ctas += 1
          try sink.append(cta)
        }
        try sink.endKernel(code: kernel.code, warnings: [])
        report.kernels += 1
      }
    }
  }

  private static func importKernel(
    _ path: String, _ sink: inout some TraceSink, _ report: inout ImportReport,
    _ progress: (Int) -> Void
  ) throws {
    let before = report.bytesRead
    var reader = try AccelSimKernelReader(path: path)
    try reader.read(into: &sink) { progress(before + $0) }
    report.kernels += 1
    report.ctas += reader.ctas
    report.warpInstructions += reader.warpInstructions
    report.bytesRead += reader.bytesRead
    report.warnings += reader.warnings.map { "\(path): \($0)" }
  }

  private static func importTracez(
    _ path: String, _ sink: inout some TraceSink, _ report: inout ImportReport
  ) throws {
    var importer = try TracezImporter(path: path)
    try importer.read(into: &sink)
    report.kernels += 1
    report.ctas += importer.ctas
    report.warpInstructions += importer.warpInstructions
    report.bytesRead += importer.bytesRead
    report.warnings += importer.warnings.map { "\(path): \($0)" }
  }

  /// `kernelslist.g`: copies and kernel files in order; other lines mean nothing to a simulator.
  private static func importList(
    _ path: String, _ sink: inout some TraceSink, _ report: inout ImportReport,
    _ progress: (Int) -> Void
  ) throws {
    let lines = LineScanner(try TextSource(path: path))
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    while let line = try lines.next({ $0.count < 4096 ? String(decoding: $0, as: UTF8.self) : "" })
    {
      let text = line.trimmingCharacters(in: .whitespaces)
      if text.hasPrefix("MemcpyHtoD") || text.hasPrefix("MemcpyDtoH") {
        let fields = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        guard fields.count >= 3,
          let address = UInt64(fields[1].replacing("0x", with: ""), radix: 16),
          let bytes = UInt64(fields[2])
        else {
          throw TraceError(path, line: lines.line, "write MemcpyHtoD,0xADDRESS,BYTES")
        }
        let direction: MemoryCopy.Direction =
          text.hasPrefix("MemcpyHtoD") ? .hostToDevice : .deviceToHost
        try sink.memoryCopy(MemoryCopy(direction: direction, address: address, bytes: bytes))
      } else if text.hasPrefix("kernel") {
        let file = try kernelFile(
          folder.appendingPathComponent(text).path, listedIn: path, lines.line)
        if try recognise(file) == .tracez {
          try importTracez(file, &sink, &report)
        } else {
          try importKernel(file, &sink, &report, progress)
        }
      }
    }
    guard report.kernels > 0 else { throw TraceError(path, "names no kernel") }
  }

  /// The file itself, or a compressed form of it.
  private static func kernelFile(_ file: String, listedIn list: String, _ line: Int) throws
    -> String
  {
    for suffix in ["", ".xz", ".gz", ".zst"]
    where FileManager.default.fileExists(atPath: file + suffix) {
      return file + suffix
    }
    throw TraceError(list, line: line, "the kernel's file \(file) does not exist")
  }
}
