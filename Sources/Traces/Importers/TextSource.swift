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
        input = (try? handle.read(upToCount: Self.blockSize)) ?? Data()
        inputPosition = 0
        isAtEnd = input.isEmpty
      }
      if isAtEnd { return [] }
      var failure: String?
      let block = [UInt8](unsafeUninitializedCapacity: Self.blockSize) { buffer, count in
        input.withUnsafeBytes { bytes in
          var from = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: inputPosition)
          var to = ZSTD_outBuffer(dst: buffer.baseAddress, size: Self.blockSize, pos: 0)
          let result = ZSTD_decompressStream(stream, &to, &from)
          if ZSTD_isError(result) != 0 { failure = String(cString: ZSTD_getErrorName(result)) }
          inputPosition = from.pos
          count = to.pos
        }
      }
      if let failure { throw TraceError(path, offset: delivered, "is damaged: \(failure)") }
      if !block.isEmpty { return block }
    }
  }
}

/// Lines of a text source, as byte ranges of a buffer; no strings are made.
final class LineScanner {
  let source: TextSource
  private var buffer: [UInt8] = []
  private var position = 0
  private var ended = false
  /// Number of the line last delivered, from 1.
  private(set) var line = 0

  private static let lineLimit = 1 << 20

  init(_ source: TextSource) { self.source = source }

  /// Calls `body` with the next line without its newline; returns nil at the end.
  func next<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) throws -> Result? {
    while true {
      let found = buffer.withUnsafeBufferPointer { bytes -> Int? in
        guard let base = bytes.baseAddress, position < bytes.count else { return nil }
        guard let hit = memchr(base + position, 10, bytes.count - position) else { return nil }
        return base.distance(to: hit.assumingMemoryBound(to: UInt8.self))
      }
      if let end = found { return try deliver(upTo: end, skip: 1, body) }
      if ended {
        if position >= buffer.count { return nil }
        return try deliver(upTo: buffer.count, skip: 0, body)
      }
      buffer.removeFirst(position)
      position = 0
      guard buffer.count <= Self.lineLimit else {
        throw TraceError(source.path, line: line + 1, "is longer than \(Self.lineLimit) bytes")
      }
      let block = try source.read()
      if block.isEmpty { ended = true } else { buffer += block }
    }
  }

  private func deliver<Result>(
    upTo end: Int, skip: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) throws -> Result {
    line += 1
    let start = position
    position = end + skip
    return try buffer.withUnsafeBufferPointer { bytes in
      var last = end
      while last > start, bytes[last - 1] == 13 || bytes[last - 1] == 32 || bytes[last - 1] == 9 {
        last -= 1
      }
      return try body(UnsafeBufferPointer(rebasing: bytes[start..<last]))
    }
  }
}

/// Blank-separated fields of a line.
struct FieldScanner {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  var isAtEnd: Bool {
    mutating get {
      while position < bytes.count, bytes[position] == 32 || bytes[position] == 9 { position += 1 }
      return position >= bytes.count
    }
  }

  /// The next field, or nil at the end.
  mutating func field() -> UnsafeBufferPointer<UInt8>? {
    if isAtEnd { return nil }
    let start = position
    while position < bytes.count, bytes[position] != 32, bytes[position] != 9 { position += 1 }
    return UnsafeBufferPointer(rebasing: bytes[start..<position])
  }

  mutating func decimal() -> Int64? {
    guard let field = field() else { return nil }
    var index = 0
    let negative = field[0] == UInt8(ascii: "-")
    if negative { index = 1 }
    guard index < field.count, field.count - index <= 18 else { return nil }
    var value: Int64 = 0
    while index < field.count {
      let digit = field[index] &- 48
      guard digit < 10 else { return nil }
      value = value * 10 + Int64(digit)
      index += 1
    }
    return negative ? -value : value
  }

  mutating func hexadecimal() -> UInt64? {
    guard let field = field() else { return nil }
    var index = 0
    if field.count > 2, field[0] == 48, field[1] | 32 == UInt8(ascii: "x") { index = 2 }
    guard index < field.count, field.count - index <= 16 else { return nil }
    var value: UInt64 = 0
    while index < field.count {
      let byte = field[index]
      let digit: UInt8
      switch byte {
      case 48...57: digit = byte - 48
      case 97...102: digit = byte - 87
      case 65...70: digit = byte - 55
      default: return nil
      }
      value = value << 4 | UInt64(digit)
      index += 1
    }
    return value
  }
}
