import Foundation

/// The frame of an Accel-Sim 2.0 `.tracez` file: header text, zstd dictionary, sub-chunks of
/// instructions for each warp, and an index of them at the end. All numbers are little-endian.
struct TracezFile {
  struct CTA {
    /// Coordinates of the CTA, of its cluster, of the CTA in its cluster; rank in the cluster.
    var numbers: [UInt32]
    var warps: [Warp]
  }

  struct Warp {
    var instructions: Int
    var subChunks: Int
    var offset: Int
  }

  let path: String
  let header: String
  let ctas: [CTA]
  let dictionary: Range<Int>
  /// Where the sub-chunks end.
  let indexOffset: Int
  let bytes: Data

  init(path: String) throws {
    self.path = path
    guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    else { throw TraceError(path, "cannot be read") }
    self.bytes = bytes
    guard let end = bytes.prefix(1 << 20).firstIndex(of: 0) else {
      throw TraceError(path, offset: 0, "the kernel header does not end")
    }
    header = String(decoding: bytes[..<end], as: UTF8.self)

    var reader = LittleEndianReader(bytes, path: path, position: end + 1)
    let dictionarySize = Int(try reader.word())
    _ = try reader.word()  // instructions of a sub-chunk; the index counts them again
    let first = reader.position
    guard dictionarySize <= bytes.count - first else {
      throw TraceError(path, offset: end + 1, "the dictionary is larger than the file")
    }
    dictionary = first..<first + dictionarySize

    var trailer = LittleEndianReader(bytes, path: path, position: bytes.count - 8)
    let index = try trailer.doubleWord()
    guard index >= UInt64(dictionary.upperBound), index <= UInt64(bytes.count - 8) else {
      throw TraceError(path, offset: bytes.count - 8, "the index lies outside the file")
    }
    indexOffset = Int(index)
    reader.position = indexOffset
    ctas = try Self.readIndex(&reader, indexOffset)
  }

  private static func readIndex(
    _ reader: inout LittleEndianReader, _ end: Int
  ) throws -> [CTA] {
    var ctas: [CTA] = []
    for _ in 0..<(try reader.count(ofAtLeast: 44, "CTAs")) {
      let numbers = try (0..<10).map { _ in try reader.word() }
      var warps: [Warp] = []
      for _ in 0..<(try reader.count(ofAtLeast: 16, "warps")) {
        let instructions = Int(try reader.word())
        let place = reader.position
        let subChunks = Int(try reader.word())
        let offset = try reader.doubleWord()
        guard offset <= UInt64(end), subChunks <= (reader.end - reader.position) / 4 else {
          throw TraceError(reader.path, offset: place, "a warp lies outside the file")
        }
        reader.position += 4 * subChunks
        warps.append(Warp(instructions: instructions, subChunks: subChunks, offset: Int(offset)))
      }
      ctas.append(CTA(numbers: numbers, warps: warps))
    }
    return ctas
  }
}

/// Numbers from a file, checked against its end.
struct LittleEndianReader {
  private let bytes: Data
  let path: String
  var position: Int
  var end: Int { bytes.count }

  init(_ bytes: Data, path: String, position: Int) {
    self.bytes = bytes
    self.path = path
    self.position = position
  }

  mutating func word() throws -> UInt32 { UInt32(truncatingIfNeeded: try number(of: 4)) }
  mutating func doubleWord() throws -> UInt64 { try number(of: 8) }

  /// A count of things that each take at least `size` bytes of what is left.
  mutating func count(ofAtLeast size: Int, _ what: String) throws -> Int {
    let place = position
    let count = Int(try word())
    guard count <= (end - position) / size else {
      throw TraceError(path, offset: place, "the file is too short for \(count) \(what)")
    }
    return count
  }

  private mutating func number(of size: Int) throws -> UInt64 {
    guard position >= 0, size <= end - position else {
      throw TraceError(path, offset: max(0, position), "the file ends within a number")
    }
    var value: UInt64 = 0
    for index in 0..<size {
      value |= UInt64(bytes[bytes.startIndex + position + index]) << UInt64(8 * index)
    }
    position += size
    return value
  }
}
