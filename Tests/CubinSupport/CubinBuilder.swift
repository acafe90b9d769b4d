/// Makes 64-bit ELF files of CUDA code, byte by byte.
package struct CubinBuilder {
  package enum Contents {
    case bits([UInt8])
    /// Takes no place in the file.
    case none(Int)
  }

  package struct Relocation {
    var offset: UInt64
    var type: UInt32
    var symbol: String
    /// nil: an entry without addend.
    var addend: Int64?

    package init(offset: UInt64, type: UInt32, symbol: String, addend: Int64? = nil) {
      self.offset = offset
      self.type = type
      self.symbol = symbol
      self.addend = addend
    }
  }

  struct Section {
    var name: String
    var type: UInt32
    var contents: Contents
    var link: UInt32 = 0
    var info: UInt32 = 0
  }

  package var architecture = 86
  /// Where the architecture stands in the flags: 8 as CUDA 13 writes it, 7 as 12.8.
  package var abiVersion: UInt8 = 8
  package var machine: UInt16 = 190
  private var sections: [Section] = [Section(name: "", type: 0, contents: .none(0))]
  private var relocations: [(section: Int, entries: [Relocation])] = []
  package init() {}

  private var symbols: [(name: String, section: String, type: UInt8, value: Int, size: Int)] = []

  package mutating func add(
    _ name: String, _ contents: Contents, info: UInt32 = 0, relocations list: [Relocation] = []
  ) {
    // `SHT_PROGBITS` or `SHT_NOBITS`.
    var type: UInt32 = 1
    if case .none = contents { type = 8 }
    sections.append(Section(name: name, type: type, contents: contents, info: info))
    if !list.isEmpty { relocations.append((sections.count - 1, list)) }
  }

  package mutating func symbol(
    _ name: String, in section: String, type: UInt8 = 1, value: Int = 0, size: Int = 0
  ) {
    symbols.append((name, section, type, value, size))
  }

  /// Index in the symbol table, whose first entry is empty.
  package func symbolIndex(_ name: String) -> UInt32 {
    UInt32((symbols.firstIndex { $0.name == name } ?? -1) + 1)
  }

  package func build() -> [UInt8] {
    var all = sections
    let symbolTable = UInt32(all.count)
    var strings: [UInt8] = [0]
    var table = [UInt8](repeating: 0, count: 24)
    for symbol in symbols {
      let section = all.firstIndex { $0.name == symbol.section } ?? 0
      table += littleEndian(UInt32(strings.count)) + [symbol.type | 0x10, 0]
      table += littleEndian(UInt16(section)) + littleEndian(UInt64(symbol.value))
      table += littleEndian(UInt64(symbol.size))
      strings += Array(symbol.name.utf8) + [0]
    }
    all.append(Section(name: ".symtab", type: 2, contents: .bits(table), link: symbolTable + 1))
    all.append(Section(name: ".strtab", type: 3, contents: .bits(strings)))
    for (section, entries) in relocations {
      for hasAddend in [false, true] {
        let wanted = entries.filter { ($0.addend != nil) == hasAddend }
        guard !wanted.isEmpty else { continue }
        let bytes = wanted.flatMap { entry -> [UInt8] in
          littleEndian(entry.offset)
            + littleEndian(UInt64(symbolIndex(entry.symbol)) << 32 | UInt64(entry.type))
            + (entry.addend.map(littleEndian) ?? [])
        }
        all.append(
          Section(
            name: (hasAddend ? ".rela" : ".rel") + sections[section].name,
            type: hasAddend ? 4 : 9, contents: .bits(bytes), link: symbolTable,
            info: UInt32(section)))
      }
    }
    return assemble(all)
  }

  private func assemble(_ sections: [Section]) -> [UInt8] {
    var sections = sections
    let namesIndex = sections.count
    var names: [UInt8] = []
    var nameOffsets: [Int] = []
    for name in sections.map(\.name) + [".shstrtab"] {
      nameOffsets.append(names.count)
      names += Array(name.utf8) + [0]
    }
    sections.append(Section(name: ".shstrtab", type: 3, contents: .bits(names)))
    var body: [UInt8] = []
    var headers: [UInt8] = []
    for (index, section) in sections.enumerated() {
      let offset = 64 + body.count
      let size: Int
      switch section.contents {
      case .bits(let bytes):
        size = bytes.count
        body += bytes
      case .none(let bytes): size = bytes
      }
      headers += littleEndian(UInt32(nameOffsets[index])) + littleEndian(section.type)
      headers += littleEndian(UInt64(0)) + littleEndian(UInt64(0)) + littleEndian(UInt64(offset))
      headers += littleEndian(UInt64(size)) + littleEndian(section.link)
      headers += littleEndian(section.info) + littleEndian(UInt64(1)) + littleEndian(UInt64(0))
    }
    let flags = UInt32(abiVersion >= 8 ? architecture << 8 : architecture)
    var header: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 65, abiVersion]
    header += Array(repeating: 0, count: 7)
    header += littleEndian(UInt16(2)) + littleEndian(machine) + littleEndian(UInt32(1))
    header += littleEndian(UInt64(0)) + littleEndian(UInt64(0))
    header += littleEndian(UInt64(64 + body.count)) + littleEndian(flags)
    header += littleEndian(UInt16(64)) + littleEndian(UInt16(0)) + littleEndian(UInt16(0))
    header += littleEndian(UInt16(64)) + littleEndian(UInt16(sections.count))
    header += littleEndian(UInt16(namesIndex))
    return header + body + headers
  }
}

/// Makes fat binaries.
package enum FatBinaryBuilder {
  package struct Entry {
    var kind: UInt16 = 2
    var architecture: UInt32 = 86
    var flags: UInt64 = 0
    var payload: [UInt8]
    /// Bytes of the contents before compression.
    var uncompressed = 0

    package init(
      kind: UInt16 = 2, architecture: UInt32 = 86, flags: UInt64 = 0, payload: [UInt8],
      uncompressed: Int = 0
    ) {
      self.kind = kind
      self.architecture = architecture
      self.flags = flags
      self.payload = payload
      self.uncompressed = uncompressed
    }
  }

  package static func build(_ entries: [Entry]) -> [UInt8] {
    var body: [UInt8] = []
    for entry in entries {
      let padded = entry.payload + Array(repeating: 0, count: -entry.payload.count & 7)
      var header = littleEndian(entry.kind) + littleEndian(UInt16(0x101))
      header += littleEndian(UInt32(64)) + littleEndian(UInt64(padded.count))
      header += littleEndian(UInt32(entry.payload.count)) + littleEndian(UInt32(0))
      header += littleEndian(UInt32(0)) + littleEndian(entry.architecture)
      header += littleEndian(UInt64(0)) + littleEndian(entry.flags) + littleEndian(UInt64(0))
      header += littleEndian(UInt64(entry.uncompressed))
      body += header + padded
    }
    return littleEndian(UInt32(0xba55_ed50)) + littleEndian(UInt16(1)) + littleEndian(UInt16(16))
      + littleEndian(UInt64(body.count)) + body
  }
}

package func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian, Array.init)
}
