import Foundation
import ISA

/// Reads one `.traceg` file of Accel-Sim's tracer, versions 1 to 6, CTA by CTA.
///
/// The format records opcodes and general registers only: text is rebuilt from those, a branch that
/// was seen both taken and falling through gets the guard `@P0`, and comparisons are taken to write
/// `P0`, so that the dependence of a branch on its comparison survives.
struct AccelSimKernelReader {
  private let lines: LineScanner
  private let path: String
  private(set) var warpInstructions = 0
  private(set) var ctas = 0
  /// What the user should know about the kernel, once it is read.
  private(set) var warnings: [String] = []

  init(path: String) throws {
    self.path = path
    lines = LineScanner(try TextSource(path: path))
  }

  /// Bytes of text read so far.
  var bytesRead: Int { lines.source.delivered }

  /// Reads the whole file into `sink`.
  mutating func read(into sink: inout some TraceSink, progress: (Int) -> Void) throws {
    do { try readKernel(into: &sink, progress) } catch let failure as AccelSimFailure {
      throw TraceError(path, line: lines.line, failure.message)
    }
  }

  private mutating func readKernel(
    into sink: inout some TraceSink, _ progress: (Int) -> Void
  ) throws {
    let header = try readHeader()
    let launch = try header.launch()
    var block = AccelSimBlockReader(header, launch)
    try sink.beginKernel(launch)
    while let cta = try readCTA(&block) {
      try sink.append(cta)
      ctas += 1
      progress(bytesRead)
    }
    warpInstructions = block.warpInstructions
    guard ctas > 0 else { throw AccelSimFailure("ends without a thread block") }
    if ctas != launch.grid.count {
      warnings.append("\(ctas) CTAs were traced of a grid of \(launch.grid.count)")
    }
    warnings += block.warnings
    try sink.endKernel(
      code: block.instructions.code.instructions(launch.architecture), warnings: warnings)
  }

  private func readHeader() throws -> AccelSimHeader {
    var header = AccelSimHeader()
    while true {
      let line = try lines.next { bytes in
        bytes.count < 1 << 16 ? String(decoding: bytes, as: UTF8.self) : "-"
      }
      guard let line else { throw AccelSimFailure("ends within the kernel header") }
      if line.hasPrefix("#") { return header }
      if !line.isEmpty { try header.take(line) }
    }
  }

  /// The next CTA, or nil at the end of the file.
  private func readCTA(_ block: inout AccelSimBlockReader) throws -> CTATrace? {
    while let isComplete = try lines.next({ try block.take($0) }) {
      if isComplete { return block.finish() }
    }
    guard !block.isOpen else { throw AccelSimFailure("ends within a thread block") }
    return nil
  }
}
