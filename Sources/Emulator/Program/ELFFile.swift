/// Why a binary cannot be used.
public struct ModuleError: Error, Hashable, CustomStringConvertible, Sendable {
  public let message: String
  /// The failure lies in the system (disk full, a tool that is missing), not in the binary.
  public let isSystemFailure: Bool

  public init(_ message: String, isSystemFailure: Bool = false) {
    self.message = message
    self.isSystemFailure = isSystemFailure
  }
  public var description: String { message }
}

/// A 64-bit little-endian ELF file; every read is checked.
public struct ELFFile: Sendable {
  public struct Section: Sendable {
    public var name = ""
    public var type: UInt32
    public var offset: Int
    public var size: Int
    public var link: Int
    public var info: UInt32
    /// `SHT_NOBITS`: takes no place in the file.
    public var isEmpty: Bool { type == 8 }
  }

  public struct Symbol: Sendable {
    public var name: String
    /// `STT_…`: 1 an object, 2 a function, 3 a section.
    public var type: UInt8
    public var section: Int
    public var value: UInt64
    public var size: Int
  }

  public struct Relocation: Sendable {
    public var offset: Int
    public var type: UInt32
    public var symbol: Int
    /// nil: the addend stands at the place itself.
    public var addend: Int64?
  }

  public let bytes: [UInt8]
  public private(set) var sections: [Section] = []
  public private(set) var symbols: [Symbol] = []
  /// `e_machine` and `e_flags`.
  public let machine: UInt16
  public let flags: UInt32
  public let abiVersion: UInt8

  /// Reads headers, sections and symbols.
  public init(_ bytes: [UInt8]) throws {
    self.bytes = bytes
    guard bytes.count >= 64, bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else {
      throw ModuleError("not an ELF file")
    }
    guard bytes[4] == 2, bytes[5] == 1 else {
      throw ModuleError("not a 64-bit little-endian ELF file")
    }
    abiVersion = bytes[8]
    let reader = ByteReader(bytes)
    machine = try reader.read(18)
    flags = try reader.read(48)
    let table = Int(truncatingIfNeeded: try reader.read(40) as UInt64)
    let entrySize = Int(try reader.read(58) as UInt16)
    let count = Int(try reader.read(60) as UInt16)
    let names = Int(try reader.read(62) as UInt16)
    guard count == 0 || entrySize >= 64 else { throw ModuleError("damaged section headers") }
    var nameOffsets: [Int] = []
    for index in 0..<count {
      let (step, overflow) = table.addingReportingOverflow(index * entrySize)
      guard !overflow, step >= 0, step <= bytes.count - 64 else {
        throw ModuleError("section headers outside the file")
      }
      let offset: UInt64 = try reader.read(step, 24)
      let size: UInt64 = try reader.read(step, 32)
      let section = Section(
        type: try reader.read(step, 4), offset: Int(truncatingIfNeeded: offset),
        size: Int(truncatingIfNeeded: size),
        link: Int(try reader.read(step, 40) as UInt32), info: try reader.read(step, 44))
      nameOffsets.append(Int(try reader.read(step, 0) as UInt32))
      if !section.isEmpty, section.type != 0 {
        guard section.offset >= 0, section.size >= 0, section.size <= bytes.count,
          section.offset <= bytes.count - section.size
        else { throw ModuleError("section \(index) lies outside the file") }
      }
      guard section.size >= 0, section.size < 1 << 40 else {
        throw ModuleError("section \(index) is larger than any memory")
      }
      sections.append(section)
    }
    guard count == 0 || names < count else { throw ModuleError("no section names") }
    var total = 0
    for index in sections.indices {
      sections[index].name = try text(nameOffsets[index], in: names, &total)
    }
    try readSymbols(reader)
  }

  private mutating func readSymbols(_ reader: ByteReader) throws {
    guard let table = sections.first(where: { $0.type == 2 }) else { return }
    var total = 0
    for index in 0..<(table.size / 24) {
      let at = table.offset + index * 24
      let info: UInt8 = try reader.read(at, 4)
      let size: UInt64 = try reader.read(at, 16)
      let name = try text(Int(try reader.read(at, 0) as UInt32), in: table.link, &total)
      symbols.append(
        Symbol(
          name: name, type: info & 15, section: Int(try reader.read(at, 6) as UInt16),
          value: try reader.read(at, 8), size: Int(truncatingIfNeeded: size)))
    }
  }

  /// A zero-terminated text of a string section. `total` counts bytes over all texts: entries of
  /// a damaged file may all name the same long text.
  private func text(_ offset: Int, in section: Int, _ total: inout Int) throws -> String {
    guard section >= 0, section < sections.count, !sections[section].isEmpty, offset >= 0,
      sections[section].type != 0, offset < sections[section].size
    else { return "" }
    let start = sections[section].offset + offset
    let end = sections[section].offset + sections[section].size
    let name = bytes[start..<end].prefix { $0 != 0 }
    total += name.count
    guard total <= Self.nameLimit else { throw ModuleError("names without end") }
    return String(decoding: name, as: UTF8.self)
  }

  /// Bytes of names in one table; real files stay far below.
  private static let nameLimit = 1 << 27

  public func section(named name: String) -> Section? { sections.first { $0.name == name } }

  /// The bytes of a section that takes place in the file.
  public func contents(_ section: Section) throws -> [UInt8] {
    guard !section.isEmpty, section.type != 0 else {
      throw ModuleError("section \(section.name) has no contents")
    }
    return Array(bytes[section.offset..<(section.offset + section.size)])
  }

  /// Relocations by the index of the section that they apply to.
  public func relocations() throws -> [(section: Int, relocations: [Relocation])] {
    var result: [(Int, [Relocation])] = []
    // `SHT_RELA` and `SHT_REL`; `sh_info` says the section.
    for section in sections where section.type == 4 || section.type == 9 {
      let target = Int(section.info)
      guard sections.indices.contains(target) else {
        throw ModuleError("\(section.name) applies to no section")
      }
      let size = section.type == 4 ? 24 : 16
      let reader = ByteReader(bytes)
      var list: [Relocation] = []
      for index in 0..<(section.size / size) {
        let at = section.offset + index * size
        let offset: UInt64 = try reader.read(at, 0)
        let info: UInt64 = try reader.read(at, 8)
        let addend: UInt64? = size == 24 ? try reader.read(at, 16) : nil
        list.append(
          Relocation(
            offset: Int(truncatingIfNeeded: offset), type: UInt32(truncatingIfNeeded: info),
            symbol: Int(truncatingIfNeeded: info >> 32), addend: addend.map(Int64.init(bitPattern:))
          ))
      }
      result.append((target, list))
    }
    return result
  }
}

/// Little-endian integers at checked places.
struct ByteReader {
  let bytes: [UInt8]
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func read<T: FixedWidthInteger>(_ base: Int, _ offset: Int = 0) throws -> T {
    let (at, overflow) = base.addingReportingOverflow(offset)
    let size = MemoryLayout<T>.size
    guard !overflow, at >= 0, at <= bytes.count - size else {
      throw ModuleError("the file ends early")
    }
    return bytes.withUnsafeBytes {
      T(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: T.self))
    }
  }
}
