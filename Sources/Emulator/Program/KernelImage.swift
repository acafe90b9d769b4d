import ISA

/// A kernel as the loader leaves it: code, sizes and relocated constants, ready to execute.
public struct KernelImage: Sendable {
  public struct Parameter: Hashable, Sendable {
    /// Bytes from `parameterBase`.
    public var offset: Int
    /// Bytes.
    public var size: Int

    public init(offset: Int, size: Int) {
      self.offset = offset
      self.size = size
    }
  }

  /// A constant bank in device memory.
  public struct SharedBank: Sendable {
    public var address: UInt64
    public var bytes: Int
  }

  /// Mangled name.
  public var name: String
  public var architecture: Architecture
  /// The function's whole code section; `pc` counts from its start.
  public var code: [StaticInstruction]
  /// Registers per thread.
  public var registers: Int
  /// Bytes of statically allocated shared memory.
  public var staticShared: Int
  /// Bytes of stack and local memory per thread.
  public var localBytes: Int
  public var parameters: [Parameter]
  /// Byte offset of the first parameter in constant bank 0.
  public var parameterBase: Int
  public var parameterBytes: Int
  /// Constant banks of this kernel alone: jump tables, literals.
  public var constantBanks: [Int: [UInt8]]
  /// Constant banks of the module, which stand in device memory and may change between launches.
  public var sharedBanks: [Int: SharedBank] = [:]
  /// Threads per CTA that the code was compiled for; 0 when unsaid.
  public var maximumThreads = 0
  /// CTAs of a cluster where the kernel itself says it (`__cluster_dims__`).
  public var cluster: Dim3?

  public init(name: String, architecture: Architecture, code: [StaticInstruction]) {
    self.name = name
    self.architecture = architecture
    self.code = code
    registers = 255
    staticShared = 0
    localBytes = 0
    parameters = []
    parameterBase = ConstantLayout(architecture).parameters
    parameterBytes = 0
    constantBanks = [:]
  }
}
