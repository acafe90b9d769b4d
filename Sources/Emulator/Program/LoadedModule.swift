import ISA

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

  /// Loads `cubin`, whose code `disassembly` shows, into `memory`.
  /// - Parameter stackBytes: stack per thread of kernels that call or spill.
  public init(
    _ cubin: Cubin, disassembly: Disassembly, memory: DeviceMemory, stackBytes: Int = 1024
  ) throws {
    self.memory = memory
    architecture = cubin.architecture
    var bases: [Cubin.Place: UInt64] = [:]
    func place(_ bytes: [UInt8], at key: Cubin.Place) throws {
      let address = try memory.allocate(bytes: max(16, bytes.count))
      allocations.append(address)
      bases[key] = address
      bytes.withUnsafeBytes { source in
        guard let base = source.baseAddress else { return }
        UnsafeMutableRawPointer(bitPattern: UInt(address))?.copyMemory(
          from: base, byteCount: source.count)
      }
    }
    if cubin.globalBytes > 0 {
      try place(Array(repeating: 0, count: cubin.globalBytes), at: .global)
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
    for fixup in cubin.fixups {
      guard let base = bases[fixup.place] else { continue }
      let target: UInt64
      if let symbol = symbols[fixup.symbol] {
        target = symbol.address
      } else if let builtin = Builtin(symbol: fixup.symbol) {
        target = builtin.address
      } else {
        throw ModuleError("undefined symbol \(fixup.symbol)")
      }
      UnsafeMutableRawPointer(bitPattern: UInt(base) + UInt(fixup.offset))?.storeBytes(
        of: target &+ UInt64(bitPattern: fixup.addend), as: UInt64.self)
    }

    for kernel in cubin.kernels {
      guard let function = disassembly.functions.first(where: { $0.name == kernel.name }) else {
        throw ModuleError("the disassembly lacks kernel \(kernel.name)")
      }
      guard function.architecture == cubin.architecture else {
        throw ModuleError("the disassembly is of \(function.architecture)")
      }
      var image = KernelImage(
        name: kernel.name, architecture: cubin.architecture, code: function.code)
      image.registers = kernel.registers
      image.staticShared = kernel.staticShared
      image.parameters = kernel.parameters
      image.parameterBase = kernel.parameterBase
      image.parameterBytes = kernel.parameterBytes
      image.constantBanks = kernel.constants
      image.maximumThreads = kernel.maximumThreads
      for (bank, bytes) in cubin.constants {
        guard let base = bases[.constant(bank: bank)] else { continue }
        image.sharedBanks[bank] = .init(address: base, bytes: bytes.count)
      }
      // Recursion has no bound that the compiler knows: such code gets the stack limit.
      let usesStack = function.code.contains {
        $0.text.contains("STL") || $0.text.contains("LDL")
      }
      image.localBytes = usesStack ? max(kernel.frameBytes, stackBytes) : kernel.frameBytes
      kernels[kernel.name] = ExecutableKernel(image)
    }
  }

  /// Gives the module's memory back.
  public func unload() {
    for address in allocations { try? memory.free(address) }
    allocations = []
  }
}
