import ISA

/// What a cubin says about its kernels, constants and variables.
///
/// Sections, attribute numbers and relocation types as seen in files of CUDA 12.8 and 13.5.
public struct Cubin: Sendable {
  public struct Kernel: Sendable {
    public var name: String
    public var registers = 255
    /// Bytes of statically allocated shared memory.
    public var staticShared = 0
    /// Bytes of stack that the compiler counted for one thread.
    public var frameBytes = 0
    /// The compiler found no bound of the stack: recursion, or calls through pointers.
    public var stackIsUnbounded = false
    public var parameters: [KernelImage.Parameter] = []
    /// Byte offset of the first parameter in constant bank 0.
    public var parameterBase: Int
    public var parameterBytes = 0
    /// Constant bank 2 and others that belong to this kernel.
    public var constants: [Int: [UInt8]] = [:]
    /// Threads per CTA that the code was compiled for; 0 when unsaid.
    public var maximumThreads = 0
    /// CTA barriers that the code uses.
    public var barriers = 0
    /// CTAs of a cluster where the kernel itself says it.
    public var cluster: Dim3?
    /// The instructions are meant to run in a cooperative launch.
    public var usesCooperativeGroups = false
  }

  /// The parts of a module that are put into memory, and the parts of code.
  public enum Place: Hashable, Sendable {
    case global, initialised
    case constant(bank: Int)
    /// A function's code, by name.
    case code(function: String)
  }

  public struct Variable: Sendable {
    public var name: String
    public var place: Place
    /// Bytes from the start of the place.
    public var offset: Int
    public var size: Int
  }

  public let architecture: Architecture
  public private(set) var kernels: [Kernel] = []
  /// Functions with code of their own that are not kernels: separate compilation leaves them.
  public private(set) var functions: [String] = []
  public private(set) var variables: [Variable] = []
  public private(set) var fixups: [Fixup] = []
  /// Bytes of zeroed global variables, initialised ones, and module-wide constant banks.
  public private(set) var globalBytes = 0
  public private(set) var initialised: [UInt8] = []
  public private(set) var constants: [Int: [UInt8]] = [:]
  /// Bytes of code of each kernel and function.
  public private(set) var codeBytes: [String: Int] = [:]

  /// No global variable is larger than this many bytes; a size beyond it is damage.
  private static let globalLimit = 1 << 36
  /// `EM_CUDA`.
  private static let machine: UInt16 = 190

  public init(_ bytes: [UInt8]) throws {
    let elf = try ELFFile(bytes)
    guard elf.machine == Self.machine else {
      throw ModuleError("an ELF file, but not of CUDA code")
    }
    // The place of the SM version moved with ABI version 8.
    let number = elf.abiVersion >= 8 ? Int(elf.flags >> 8 & 0xff) : Int(elf.flags & 0xff)
    guard number >= 75 else {
      throw ModuleError("code for sm_\(number); sm_75 is the first that can be executed")
    }
    architecture = Architecture(number)
    try readModule(elf)
    try readCode(elf)
  }

  private mutating func readModule(_ elf: ELFFile) throws {
    for section in elf.sections {
      switch Self.place(of: section) {
      case .global:
        guard section.size <= Self.globalLimit else {
          throw ModuleError("\(section.size) bytes of variables")
        }
        globalBytes = section.size
      case .initialised: initialised = try elf.contents(section)
      case .constant(let bank): constants[bank] = try elf.constants(section)
      case .code, nil: break
      }
    }
    let places = elf.sections.map(Self.place)
    // `STT_OBJECT`.
    for symbol in elf.symbols where symbol.type == 1 && places.indices.contains(symbol.section) {
      guard let place = places[symbol.section] else { continue }
      let size = elf.sections[symbol.section].size
      guard symbol.value <= UInt64(size), symbol.size >= 0, symbol.size <= size - Int(symbol.value)
      else { throw ModuleError("variable \(symbol.name) lies outside its section") }
      variables.append(
        Variable(
          name: symbol.name, place: place, offset: Int(symbol.value), size: symbol.size))
    }
    fixups = try Self.fixups(elf, places)
  }

  private mutating func readCode(_ elf: ELFFile) throws {
    let attributes = try ModuleAttributes(elf)
    let constants = try elf.kernelConstants()
    for section in elf.sections {
      guard case .code(let name) = Self.place(of: section) else { continue }
      guard codeBytes.updateValue(section.size, forKey: name) == nil else {
        throw ModuleError("two functions are called \(name)")
      }
      // Device functions that are not kernels have no constant bank 0.
      guard let banks = constants[name], banks[0] != nil else {
        functions.append(name)
        continue
      }
      var kernel = Kernel(name: name, parameterBase: ConstantLayout(architecture).parameters)
      kernel.constants = banks.filter { $0.key != 0 }
      if let shared = elf.section(named: ".nv.shared." + name) {
        kernel.staticShared = shared.size
      }
      if section.info >> 24 > 0 { kernel.registers = Int(section.info >> 24) }
      attributes.apply(to: &kernel)
      if let info = elf.section(named: ".nv.info." + name) {
        try kernel.read(elf.contents(info))
      }
      try kernel.check()
      kernels.append(kernel)
    }
  }

  /// What a section's name says about where its bytes go.
  static func place(of section: ELFFile.Section) -> Place? {
    switch section.name {
    case ".nv.global": .global
    case ".nv.global.init": .initialised
    default:
      if section.name.hasPrefix(".text.") {
        .code(function: String(section.name.dropFirst(6)))
      } else if section.name.hasPrefix(".nv.constant"),
        let bank = Int(section.name.dropFirst(12)), (1...31).contains(bank)
      {
        .constant(bank: bank)
      } else {
        nil
      }
    }
  }
}

extension ELFFile {
  /// Bytes of a constant bank: no hardware has more than 64 KiB of one.
  fileprivate static let bankLimit = 1 << 16

  fileprivate func constants(_ section: Section) throws -> [UInt8] {
    guard section.size <= Self.bankLimit else {
      throw ModuleError("\(section.size) bytes in \(section.name)")
    }
    return try contents(section)
  }

  /// `.nv.constantN.FUNCTION`: banks of each function; of bank 0 only that it is there.
  fileprivate func kernelConstants() throws -> [String: [Int: [UInt8]]] {
    var result: [String: [Int: [UInt8]]] = [:]
    for section in sections where section.name.hasPrefix(".nv.constant") {
      let rest = section.name.dropFirst(12)
      guard let dot = rest.firstIndex(of: "."), let bank = Int(rest[..<dot]),
        (0...31).contains(bank)
      else { continue }
      let function = String(rest[rest.index(after: dot)...])
      result[function, default: [:]][bank] = bank == 0 ? [] : try constants(section)
    }
    return result
  }
}
