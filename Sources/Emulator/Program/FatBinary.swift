import ISA
import Traces

/// The container in which nvcc puts the code of several architectures.
///
/// Layout as seen in programs of CUDA 12.8 and 13.5: a header of 16 bytes (magic 0xba55ed50,
/// version, header size, payload size), then entries with their own headers: kind at 0 (1 PTX,
/// 2 cubin), header size at 4, padded payload size at 8, compressed size at 16, architecture at
/// 28, flags at 40 (bit 13 LZ4, bit 15 zstd), uncompressed size at 56.
public struct FatBinary: Sendable {
  public struct Entry: Sendable {
    public var isPTX: Bool
    public var architecture: Architecture
    var payload: [UInt8]
    var compression: Compression
    var uncompressedSize: Int
  }

  enum Compression: Sendable { case none, lz4, zstd }

  static let magic: UInt32 = 0xba55_ed50
  /// No module is larger; a size beyond it is damage.
  private static let sizeLimit = 1 << 30

  public private(set) var entries: [Entry] = []

  /// Reads the container in a program's memory; `isReadable` says whether bytes from `data` on are.
  public init(
    reading data: UnsafeRawPointer, isReadable: (Int) -> Bool = { _ in true }
  ) throws {
    guard isReadable(16) else { throw ModuleError("a fat binary outside the program's memory") }
    let magic = data.loadUnaligned(as: UInt32.self)
    guard magic == Self.magic else { throw ModuleError("not a fat binary") }
    let headerSize = Int(data.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
    let payload = Int(truncatingIfNeeded: data.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    guard payload >= 0, payload < Self.sizeLimit, isReadable(headerSize + payload) else {
      throw ModuleError("a damaged fat binary (it says to have \(payload) bytes)")
    }
    try self.init([UInt8](UnsafeRawBufferPointer(start: data, count: headerSize + payload)))
  }

  /// Reads the container from bytes.
  public init(_ bytes: [UInt8]) throws {
    let reader = ByteReader(bytes)
    guard try reader.read(0) as UInt32 == Self.magic else { throw ModuleError("not a fat binary") }
    var at = Int(try reader.read(6) as UInt16)
    guard at >= 16 else { throw ModuleError("a damaged fat binary") }
    while at < bytes.count {
      let kind: UInt16 = try reader.read(at)
      let header = Int(try reader.read(at, 4) as UInt32)
      let padded = Int(truncatingIfNeeded: try reader.read(at, 8) as UInt64)
      guard header >= 64, padded >= 0, padded < Self.sizeLimit,
        at + header <= bytes.count, padded <= bytes.count - at - header
      else { throw ModuleError("a damaged fat binary entry") }
      let compressed = Int(try reader.read(at, 16) as UInt32)
      let flags: UInt64 = try reader.read(at, 40)
      let compression: Compression =
        flags & 0x8000 != 0 ? .zstd : flags & 0x2000 != 0 ? .lz4 : .none
      let size = compression == .none ? padded : min(compressed, padded)
      let uncompressed = Int(truncatingIfNeeded: try reader.read(at, 56) as UInt64)
      guard uncompressed >= 0, uncompressed < Self.sizeLimit else {
        throw ModuleError("a damaged fat binary entry")
      }
      if kind == 1 || kind == 2 {
        let start = at + header
        entries.append(
          Entry(
            isPTX: kind == 1, architecture: Architecture(Int(try reader.read(at, 28) as UInt32)),
            payload: Array(bytes[start..<(start + size)]), compression: compression,
            uncompressedSize: uncompressed))
      }
      at += header + padded
    }
  }

  /// The cubin for an architecture: its own, else the newest older one of the same generation,
  /// else PTX compiled by `compile` (PTX text, architecture).
  /// - Parameter program: the program's name, for the message when there is none.
  public func cubin(
    for architecture: Architecture, in program: String = "the program",
    compile: (([UInt8], Architecture) throws -> [UInt8])?
  ) throws -> [UInt8] {
    func generation(_ architecture: Architecture) -> Int { architecture.number / 10 }
    let fitting = entries.filter {
      !$0.isPTX && generation($0.architecture) == generation(architecture)
        && $0.architecture <= architecture
    }
    if let best = fitting.max(by: { $0.architecture < $1.architecture }) {
      return try best.contents()
    }
    let sources = entries.filter { $0.isPTX && $0.architecture <= architecture }
    if let source = sources.max(by: { $0.architecture < $1.architecture }), let compile {
      return try compile(source.contents(), architecture)
    }
    let have = entries.map { "\($0.isPTX ? "PTX for " : "")\($0.architecture)" }
    throw ModuleError(
      "no code for \(architecture) in \(program) (it has "
        + (have.isEmpty ? "none at all" : have.joined(separator: ", ")) + ")")
  }
}

extension FatBinary.Entry {
  /// The cubin or the PTX text itself.
  func contents() throws -> [UInt8] {
    switch compression {
    case .none: return payload
    case .zstd: return try Zstandard.decompress(payload, size: uncompressedSize)
    case .lz4: return try LZ4.decompress(payload, expected: uncompressedSize)
    }
  }
}
