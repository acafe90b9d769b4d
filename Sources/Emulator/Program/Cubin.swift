import ISA

/// What a cubin says about its kernels, constants and variables.
///
/// Sections, attribute numbers and relocation types as seen in files of CUDA 12.8 and 13.5.
public struct Cubin: Sendable {
  public struct Kernel: Sendable {
    public var name: String
    public var registers: Int
    public var staticShared: Int
    /// Bytes of stack that the compiler counted for one thread.
    public var frameBytes: Int
    public var parameters: [KernelImage.Parameter]
    public var parameterBase: Int
    public var parameterBytes: Int
    /// Constant bank 2 and others that belong to this kernel.
    public var constants: [Int: [UInt8]]
    /// Threads per CTA that the code was compiled for; 0 when unsaid.
    public var maximumThreads: Int
  }

  public enum Place: Hashable, Sendable { case global, initialised, constant(bank: Int) }

  public struct Variable: Sendable {
    public var name: String
    public var place: Place
    public var offset: Int
    public var size: Int
  }

  /// A 64-bit address to be put into module-wide data.
  public struct Fixup: Sendable {
    public var place: Place
    public var offset: Int
    /// The symbol, and what is added to its address.
    public var symbol: String
    public var addend: Int64
  }

  public let architecture: Architecture
  public let elf: ELFFile
  public private(set) var kernels: [Kernel] = []
  public private(set) var variables: [Variable] = []
  public private(set) var fixups: [Fixup] = []
  /// Bytes of zeroed global variables, initialised ones, and module-wide constant banks.
  public private(set) var globalBytes = 0
  public private(set) var initialised: [UInt8] = []
  public private(set) var constants: [Int: [UInt8]] = [:]

  public init(_ bytes: [UInt8]) throws {
    elf = try ELFFile(bytes)
    guard elf.machine == 190 else { throw ModuleError("an ELF file, but not of CUDA code") }
    // The place of the SM version moved with ABI version 8.
    let number = elf.abiVersion >= 8 ? Int(elf.flags >> 8 & 0xff) : Int(elf.flags & 0xff)
    guard number >= 75 else {
      throw ModuleError("code for sm_\(number); sm_75 is the first that can be executed")
    }
    architecture = Architecture(number)
    try readModule()
    for section in elf.sections where section.name.hasPrefix(".text.") {
      kernels.append(try readKernel(String(section.name.dropFirst(6)), section))
    }
    // Device functions that are not kernels have no constant bank 0.
    kernels.removeAll { elf.section(named: ".nv.constant0." + $0.name) == nil }
  }

  private mutating func readModule() throws {
    for section in elf.sections {
      if section.name == ".nv.global" {
        globalBytes = section.size
      } else if section.name == ".nv.global.init" {
        initialised = elf.contents(section)
      } else if section.name.hasPrefix(".nv.constant"),
        let bank = Int(section.name.dropFirst(12)), (1...31).contains(bank)
      {
        constants[bank] = elf.contents(section)
      }
    }
    for symbol in elf.symbols where symbol.type == 1 {
      guard let place = place(ofSection: symbol.section) else { continue }
      variables.append(
        Variable(
          name: symbol.name, place: place, offset: Int(truncatingIfNeeded: symbol.value),
          size: symbol.size))
    }
    for (index, section) in elf.sections.enumerated() {
      guard let place = place(ofSection: index) else { continue }
      let data = elf.contents(section)
      for relocation in elf.relocations(of: section.name) {
        guard relocation.symbol < elf.symbols.count, relocation.symbol >= 0 else {
          throw ModuleError("a relocation without a symbol")
        }
        let symbol = elf.symbols[relocation.symbol]
        // Type 2 is a 64-bit address.
        guard relocation.type == 2 else {
          throw ModuleError("relocation type \(relocation.type) against \(symbol.name)")
        }
        guard relocation.offset >= 0, relocation.offset <= data.count - 8 else {
          throw ModuleError("a relocation outside its section")
        }
        let inPlace: UInt64 = try ByteReader(data).read(relocation.offset)
        fixups.append(
          Fixup(
            place: place, offset: relocation.offset, symbol: symbol.name,
            addend: relocation.addend ?? Int64(bitPattern: inPlace)))
      }
    }
  }

  private func place(ofSection index: Int) -> Place? {
    guard index >= 0, index < elf.sections.count else { return nil }
    let name = elf.sections[index].name
    if name == ".nv.global" { return .global }
    if name == ".nv.global.init" { return .initialised }
    if name.hasPrefix(".nv.constant"), let bank = Int(name.dropFirst(12)), (1...31).contains(bank) {
      return .constant(bank: bank)
    }
    return nil
  }

  private func readKernel(_ name: String, _ section: ELFFile.Section) throws -> Kernel {
    let layout = ConstantLayout(architecture)
    var kernel = Kernel(
      name: name, registers: Int(section.info >> 24), staticShared: 0, frameBytes: 0,
      parameters: [], parameterBase: layout.parameters, parameterBytes: 0, constants: [:],
      maximumThreads: 0)
    if let shared = elf.section(named: ".nv.shared." + name) { kernel.staticShared = shared.size }
    for other in elf.sections where other.name.hasSuffix("." + name) {
      let prefix = other.name.dropLast(name.count + 1)
      guard prefix.hasPrefix(".nv.constant"), let bank = Int(prefix.dropFirst(12)),
        (1...31).contains(bank)
      else { continue }
      kernel.constants[bank] = elf.contents(other)
    }
    if let info = elf.section(named: ".nv.info." + name) {
      for attribute in try attributes(elf.contents(info)) {
        let reader = ByteReader(attribute.payload)
        switch attribute.number {
        case 0x0a where attribute.payload.count >= 8:  // where parameters stand
          kernel.parameterBase = Int(try reader.read(4) as UInt16)
          kernel.parameterBytes = Int(try reader.read(6) as UInt16)
        case 0x17 where attribute.payload.count >= 12:  // one parameter
          let offset: UInt16 = try reader.read(6)
          let packed: UInt32 = try reader.read(8)
          kernel.parameters.append(.init(offset: Int(offset), size: Int(packed >> 18)))
        case 0x05 where attribute.payload.count >= 12:  // maximum threads
          kernel.maximumThreads =
            Int(try reader.read(0) as UInt32) * Int(try reader.read(4) as UInt32)
            * Int(try reader.read(8) as UInt32)
        default: break
        }
      }
    }
    kernel.parameters.sort { $0.offset < $1.offset }
    if let info = elf.section(named: ".nv.info") {
      for attribute in try attributes(elf.contents(info)) where attribute.payload.count >= 8 {
        let reader = ByteReader(attribute.payload)
        let symbol = Int(try reader.read(0) as UInt32)
        guard symbol < elf.symbols.count else { continue }
        let target = elf.symbols[symbol]
        let value = Int(try reader.read(4) as UInt32)
        switch attribute.number {
        case 0x11, 0x12, 0x23:  // frame, least and greatest stack
          // Functions inside the kernel's section count as well.
          if target.name == name || target.name.hasPrefix("$" + name + "$"), value < 1 << 30 {
            kernel.frameBytes = max(kernel.frameBytes, value)
          }
        case 0x2f where target.name == name: kernel.registers = value
        default: break
        }
      }
    }
    return kernel
  }

  private struct Attribute {
    var number: UInt8
    var payload: [UInt8]
  }

  /// `.nv.info` records: format, number, and a value or a size with a payload.
  private func attributes(_ bytes: [UInt8]) throws -> [Attribute] {
    var result: [Attribute] = []
    var at = 0
    while at + 4 <= bytes.count {
      let size = Int(bytes[at + 2]) | Int(bytes[at + 3]) << 8
      if bytes[at] == 4 {
        guard at + 4 + size <= bytes.count else { throw ModuleError("damaged attributes") }
        result.append(
          Attribute(number: bytes[at + 1], payload: Array(bytes[(at + 4)..<(at + 4 + size)])))
        at += 4 + size
      } else {
        at += 4
      }
    }
    return result
  }
}
