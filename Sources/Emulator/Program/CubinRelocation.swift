/// Relocations: places whose content depends on where the loader puts things.
extension Cubin {
  /// An address to be put into data or into an instruction.
  public struct Fixup: Sendable {
    public enum Form: Sendable {
      /// 64 bits of data.
      case address
      /// The 32-bit immediate of an instruction: the low or the high half.
      case low, high
      /// The target of an absolute call.
      case call
    }

    public enum Target: Sendable {
      case inside(Place, offset: Int)
      /// A function that the driver provides.
      case outside(String)
    }

    public var place: Place
    /// Bytes from the start of the place.
    public var offset: Int
    public var form: Form
    public var target: Target
    public var addend: Int64
  }

  static func fixups(_ elf: ELFFile, _ places: [Place?]) throws -> [Fixup] {
    var result: [Fixup] = []
    for (section, relocations) in try elf.relocations() {
      guard !relocations.isEmpty else { continue }
      let name = elf.sections[section].name
      guard let place = places[section] else {
        // Debug information and the like hold addresses too, which nobody reads.
        guard !name.hasPrefix(".nv.constant") else { throw ModuleError("relocations of \(name)") }
        continue
      }
      let data = try elf.contents(elf.sections[section])
      for relocation in relocations {
        guard let form = try form(relocation.type, isCode: place.isCode) else { continue }
        guard elf.symbols.indices.contains(relocation.symbol) else {
          throw ModuleError("a relocation without a symbol")
        }
        let width = place.isCode ? 16 : 8
        guard relocation.offset >= 0, relocation.offset <= data.count - width,
          !place.isCode || relocation.offset % 16 == 0
        else { throw ModuleError("a relocation outside its section") }
        // Where the entry has no addend, data hold it themselves; code holds zero.
        let inPlace: UInt64 =
          place.isCode ? 0 : try ByteReader(data).read(relocation.offset)
        result.append(
          Fixup(
            place: place, offset: relocation.offset, form: form,
            target: target(elf.symbols[relocation.symbol], places),
            addend: relocation.addend ?? Int64(bitPattern: inPlace)))
      }
    }
    return result
  }

  private static func target(_ symbol: ELFFile.Symbol, _ places: [Place?]) -> Fixup.Target {
    guard places.indices.contains(symbol.section), symbol.section != 0,
      let place = places[symbol.section]
    else { return .outside(symbol.name) }
    return .inside(place, offset: Int(truncatingIfNeeded: symbol.value))
  }

  /// Types as `.nv.rel.action` and compiled code show them; nil: nothing to do.
  private static func form(_ type: UInt32, isCode: Bool) throws -> Fixup.Form? {
    switch (type, isCode) {
    case (0, _): nil
    case (2, false), (4, false): .address
    case (0x38, true): .low
    case (0x39, true): .high
    case (0x3a, true), (0x4b, true): .call
    default: throw ModuleError("relocation type \(type), which is not supported")
    }
  }
}

extension Cubin.Place {
  var isCode: Bool { if case .code = self { true } else { false } }
}
