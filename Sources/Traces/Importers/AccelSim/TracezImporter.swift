import CZstd
import Foundation
import ISA

/// Imports Accel-Sim 2.0's `.tracez`. Its frame is documented, the layout of the records in its
/// sub-chunks is not: they are read when they turn out to be instruction lines.
struct TracezImporter {
  private let file: TracezFile
  private(set) var warpInstructions = 0
  private(set) var warnings: [String] = []

  /// Uncompressed bytes of one warp at most.
  private static let warpLimit = 1 << 28

  init(path: String) throws { file = try TracezFile(path: path) }

  var bytesRead: Int { file.bytes.count }
  var ctas: Int { file.ctas.count }

  mutating func read(into sink: inout some TraceSink) throws {
    do { try readKernel(into: &sink) } catch let failure as AccelSimFailure {
      throw TraceError(file.path, offset: 0, failure.message)
    }
  }

  private mutating func readKernel(into sink: inout some TraceSink) throws {
    var header = AccelSimHeader()
    for line in file.header.split(whereSeparator: \.isNewline) where line.hasPrefix("-") {
      try header.take(String(line))
    }
    let launch = try header.launch()
    var reader = AccelSimInstructionReader(header)
    let decompressor = try Decompressor(file)
    try sink.beginKernel(launch)
    for cta in file.ctas {
      guard cta.warps.count <= launch.warpsPerCTA else {
        throw AccelSimFailure("a CTA has \(cta.warps.count) warps, its block \(launch.warpsPerCTA)")
      }
      let at = cta.numbers
      guard at[0] < launch.grid.x, at[1] < launch.grid.y, at[2] < launch.grid.z else {
        throw AccelSimFailure("CTA (\(at[0]),\(at[1]),\(at[2])) lies outside the grid")
      }
      reader.builder.removeAll()
      for warp in cta.warps {
        reader.beginWarp()
        try readWarp(warp, try decompressor.content(of: warp, limit: Self.warpLimit), &reader)
        reader.builder.endWarp()
      }
      while reader.builder.warps < launch.warpsPerCTA { reader.builder.endWarp() }
      warpInstructions += reader.builder.instructionCount
      try sink.append(reader.builder.finish(x: at[0], y: at[1], z: at[2]))
    }
    warnings = reader.code.warnings
    try sink.endKernel(
      code: reader.code.instructions(launch.architecture), warnings: warnings)
  }

  private func readWarp(
    _ warp: TracezFile.Warp, _ content: [UInt8], _ reader: inout AccelSimInstructionReader
  ) throws {
    guard content.allSatisfy({ $0 >= 32 && $0 < 127 || $0 == 10 || $0 == 13 || $0 == 9 }) else {
      throw TraceError(
        file.path, offset: warp.offset,
        "the layout of the records is not documented; post-process the trace to .traceg instead")
    }
    var count = 0
    for line in content.split(separator: 10) {
      do { try line.withUnsafeBufferPointer { try reader.read($0) } } catch let failure
        as AccelSimFailure
      { throw TraceError(file.path, offset: warp.offset, failure.message) }
      count += 1
    }
    guard count == warp.instructions else {
      throw TraceError(
        file.path, offset: warp.offset,
        "the warp has \(count) instructions, but the index says \(warp.instructions)")
    }
  }

  /// Unpacks sub-chunks with the file's dictionary.
  private final class Decompressor {
    private let file: TracezFile
    private let stream: OpaquePointer
    private let dictionary: OpaquePointer?

    init(_ file: TracezFile) throws {
      self.file = file
      guard let stream = ZSTD_createDStream() else {
        throw TraceError(file.path, "cannot be unpacked: out of memory", isSystemFailure: true)
      }
      self.stream = stream
      dictionary = file.bytes[file.dictionary].withUnsafeBytes {
        $0.isEmpty ? nil : ZSTD_createDDict($0.baseAddress, $0.count)
      }
      guard dictionary != nil || file.dictionary.isEmpty else {
        throw TraceError(file.path, offset: file.dictionary.lowerBound, "the dictionary is damaged")
      }
    }

    deinit {
      ZSTD_freeDStream(stream)
      ZSTD_freeDDict(dictionary)
    }

    /// The sub-chunks of a warp, one frame each, one behind the other.
    func content(of warp: TracezFile.Warp, limit: Int) throws -> [UInt8] {
      func damaged(_ why: String) -> TraceError {
        TraceError(file.path, offset: warp.offset, "a warp's instructions are damaged: \(why)")
      }
      var content: [UInt8] = []
      var block = [UInt8](repeating: 0, count: 1 << 17)
      try file.bytes[warp.offset..<file.indexOffset].withUnsafeBytes { bytes in
        var from = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        for _ in 0..<warp.subChunks {
          ZSTD_DCtx_reset(stream, ZSTD_reset_session_only)
          ZSTD_DCtx_refDDict(stream, dictionary)
          var result = 1
          while result != 0 {
            let before = from.pos
            var written = 0
            block.withUnsafeMutableBytes { buffer in
              var to = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
              result = ZSTD_decompressStream(stream, &to, &from)
              written = to.pos
            }
            if ZSTD_isError(result) != 0 {
              throw damaged(String(cString: ZSTD_getErrorName(result)))
            }
            guard result == 0 || written > 0 || from.pos > before else { throw damaged("cut off") }
            guard content.count + written <= limit else { throw damaged("too large") }
            content += block[..<written]
          }
        }
      }
      return content
    }
  }
}
