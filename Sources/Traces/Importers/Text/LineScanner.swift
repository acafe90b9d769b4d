import Foundation

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
