import CZstd
import Foundation

/// The bytes of a text file, plain or compressed, block by block.
final class TextSource {
  let path: String
  private var handle: FileHandle
  private var process: Process?
  private var stream: OpaquePointer?
  private var input = Data()
  private var inputPosition = 0
  private var isAtEnd = false
  private var isFrameOpen = false
  /// Uncompressed bytes delivered so far.
  private(set) var delivered = 0

  private static let blockSize = 1 << 20

  /// Opens `path`; `.xz` and `.gz` go through the system's tools, `.zst` through libzstd, all
  /// recognised by content.
  init(path: String) throws {
    self.path = path
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw TraceError(path, "cannot be read")
    }
    self.handle = handle
    let start = (try? handle.read(upToCount: 6)) ?? Data()
    do { try handle.seek(toOffset: 0) } catch { throw TraceError(path, "cannot be read") }
    if start.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a]) {
      try pipe(through: "xz")
    } else if start.starts(with: [0x1f, 0x8b]) {
      try pipe(through: "gzip")
    } else if start.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) {
      stream = ZSTD_createDStream()
    }
  }

  deinit {
    if let stream { ZSTD_freeDStream(stream) }
    if let process, process.isRunning { process.terminate() }
    try? handle.close()
  }

  private func pipe(through tool: String) throws {
    let output = Pipe()
    let process = Process()
    guard
      let executable = ["/usr/bin/", "/bin/", "/usr/local/bin/"].map({ $0 + tool }).first(
        where: FileManager.default.isExecutableFile)
    else {
      throw TraceError(path, "needs the program '\(tool)' to be unpacked, which is not installed")
    }
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = ["-dc", "--", path]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch { throw TraceError(path, "'\(tool)' cannot be started") }
    self.process = process
    handle = output.fileHandleForReading
  }

  /// The next block of text; empty at the end.
  func read() throws -> [UInt8] {
    let block = stream == nil ? try readPlain() : try readZstandard()
    delivered += block.count
    return block
  }

  private func readPlain() throws -> [UInt8] {
    let data: Data
    do { data = try handle.read(upToCount: Self.blockSize) ?? Data() } catch {
      throw TraceError(path, offset: delivered, "cannot be read")
    }
    if data.isEmpty, let process {
      process.waitUntilExit()
      if process.terminationStatus != 0 {
        throw TraceError(path, offset: delivered, "is damaged: it cannot be unpacked")
      }
      self.process = nil
    }
    return [UInt8](data)
  }

  private func readZstandard() throws -> [UInt8] {
    while true {
      if inputPosition >= input.count, !isAtEnd {
        do { input = try handle.read(upToCount: Self.blockSize) ?? Data() } catch {
          throw TraceError(path, offset: delivered, "cannot be read")
        }
        inputPosition = 0
        isAtEnd = input.isEmpty
      }
      // After the last input a frame may still have output to give.
      if isAtEnd, !isFrameOpen { return [] }
      let block = try decompressBlock()
      if !block.isEmpty { return block }
      if isAtEnd { throw TraceError(path, offset: delivered, "ends within a compressed frame") }
    }
  }

  private func decompressBlock() throws -> [UInt8] {
    var result = 0
    let block = [UInt8](unsafeUninitializedCapacity: Self.blockSize) { buffer, count in
      input.withUnsafeBytes { bytes in
        var from = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: inputPosition)
        var to = ZSTD_outBuffer(dst: buffer.baseAddress, size: Self.blockSize, pos: 0)
        result = ZSTD_decompressStream(stream, &to, &from)
        inputPosition = from.pos
        count = to.pos
      }
    }
    if ZSTD_isError(result) != 0 {
      let reason = String(cString: ZSTD_getErrorName(result))
      throw TraceError(path, offset: delivered, "is damaged: \(reason)")
    }
    isFrameOpen = result != 0
    return block
  }
}
