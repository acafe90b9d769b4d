import ISA

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// A cubin in device memory: variables allocated, addresses put in place, code decoded.
public final class LoadedModule: @unchecked Sendable {
  /// A variable that host code can name.
  public struct Symbol: Sendable {
    public var address: UInt64
    public var bytes: Int
  }

  public let architecture: Architecture
  public private(set) var kernels: [String: ExecutableKernel] = [:]
  public private(set) var symbols: [String: Symbol] = [:]
  private let memory: DeviceMemory
  private var allocations: [UInt64] = []
  private var bases: [Cubin.Place: UInt64] = [:]

  /// Loads `cubin`, whose code `disassembly` shows, into `memory`.
  /// - Parameter stackBytes: stack per thread of kernels that call or spill.
  public init(
    _ cubin: Cubin, disassembly: Disassembly, memory: DeviceMemory, stackBytes: Int = 1024
  ) throws {
    self.memory = memory
    architecture = cubin.architecture
    let linker = try CodeLinker(cubin, disassembly)
    do {
      try placeData(cubin)
      for fixup in cubin.fixups where !fixup.place.isCode {
        guard let base = bases[fixup.place] else { continue }
        let value = try address(of: fixup.target, linker) &+ UInt64(bitPattern: fixup.addend)
        UnsafeMutableRawPointer(bitPattern: UInt(base) + UInt(fixup.offset))?.storeBytes(
          of: value, as: UInt64.self)
      }
      for kernel in cubin.kernels {
        let code = try linker.link(kernel.name) { try address(of: $0, linker) }
        kernels[kernel.name] = ExecutableKernel(
          image(of: kernel, code, cubin, stackBytes: stackBytes))
      }
    } catch {
      unload()
      throw error
    }
  }

  private func placeData(_ cubin: Cubin) throws {
    func allocate(_ bytes: Int, at key: Cubin.Place) throws -> UnsafeMutableRawPointer? {
      let address = try memory.allocate(bytes: max(16, bytes))
      allocations.append(address)
      bases[key] = address
      return UnsafeMutableRawPointer(bitPattern: UInt(address))
    }
    func place(_ bytes: [UInt8], at key: Cubin.Place) throws {
      let target = try allocate(bytes.count, at: key)
      bytes.withUnsafeBytes { source in
        guard let base = source.baseAddress else { return }
        target?.copyMemory(from: base, byteCount: source.count)
      }
    }
    if cubin.globalBytes > 0, let target = try allocate(cubin.globalBytes, at: .global) {
      memset(target, 0, cubin.globalBytes)
    }
    if !cubin.initialised.isEmpty { try place(cubin.initialised, at: .initialised) }
    for bank in cubin.constants.keys.sorted() {
      try place(cubin.constants[bank] ?? [], at: .constant(bank: bank))
    }
    for variable in cubin.variables {
      guard let base = bases[variable.place] else { continue }
      symbols[variable.name] = Symbol(
        address: base &+ UInt64(truncatingIfNeeded: variable.offset), bytes: variable.size)
    }
  }

  private func address(of target: Cubin.Fixup.Target, _ linker: CodeLinker) throws -> UInt64 {
    switch target {
    case .inside(.code(let function), let offset):
      return try linker.address(of: function) &+ UInt64(bitPattern: Int64(offset))
    case .inside(let place, let offset):
      guard let base = bases[place] else { throw ModuleError("an address in \(place)") }
      return base &+ UInt64(bitPattern: Int64(offset))
    case .outside(let name):
      guard let builtin = Builtin(symbol: name) else {
        throw ModuleError("the code calls \(name), which is not supported")
      }
      return builtin.address
    }
  }

  private func image(
    of kernel: Cubin.Kernel, _ code: [StaticInstruction], _ cubin: Cubin, stackBytes: Int
  ) -> KernelImage {
    var image = KernelImage(name: kernel.name, architecture: cubin.architecture, code: code)
    image.registers = kernel.registers
    image.staticShared = kernel.staticShared
    image.parameters = kernel.parameters
    image.parameterBase = kernel.parameterBase
    image.parameterBytes = kernel.parameterBytes
    image.constantBanks = kernel.constants
    image.maximumThreads = kernel.maximumThreads
    image.cluster = kernel.cluster
    for (bank, bytes) in cubin.constants {
      guard let base = bases[.constant(bank: bank)] else { continue }
      image.sharedBanks[bank] = .init(address: base, bytes: bytes.count)
    }
    // Recursion has no bound that the compiler knows: such code gets the stack limit.
    let usesStack =
      kernel.stackIsUnbounded
      || code.contains { $0.text.contains("STL") || $0.text.contains("LDL") }
    image.localBytes = usesStack ? max(kernel.frameBytes, stackBytes) : kernel.frameBytes
    return image
  }

  /// Gives the module's memory back.
  public func unload() {
    for address in allocations { try? memory.free(address) }
    allocations = []
  }
}
