/// Three-dimensional size or position.
public struct Dim3: Hashable, Sendable, CustomStringConvertible {
  public var x, y, z: UInt32
  public init(_ x: UInt32, _ y: UInt32 = 1, _ z: UInt32 = 1) {
    self.x = x
    self.y = y
    self.z = z
  }
  /// Product of the three sizes; saturates instead of overflowing.
  public var count: Int {
    let (xy, first) = Int(x).multipliedReportingOverflow(by: Int(y))
    let (xyz, second) = xy.multipliedReportingOverflow(by: Int(z))
    return first || second ? Int.max : xyz
  }
  public var description: String { "(\(x),\(y),\(z))" }
}

/// What a kernel launch asks of the machine.
public struct KernelLaunch: Hashable, Sendable {
  /// Mangled name as the trace has it.
  public var name: String
  public var grid: Dim3
  public var block: Dim3
  /// CTAs of a thread-block cluster; (1,1,1) when there are none.
  public var cluster = Dim3(1)
  /// Registers per thread.
  public var registers: Int = 0
  /// Bytes of static and dynamic shared memory per CTA.
  public var staticShared: Int = 0
  public var dynamicShared: Int = 0
  /// Stream handle; 0 is the default stream.
  public var stream: UInt64 = 0
  public var architecture: Architecture
  /// Windows by which generic addresses are told apart; 0 when unknown.
  public var sharedWindow: UInt64 = 0
  public var localWindow: UInt64 = 0

  public init(name: String, grid: Dim3, block: Dim3, architecture: Architecture) {
    self.name = name
    self.grid = grid
    self.block = block
    self.architecture = architecture
  }

  public var warpsPerCTA: Int { (block.count + 31) / 32 }
}

/// One static instruction as a trace keeps it: text and encoding, not yet decoded.
public struct StaticInstruction: Hashable, Sendable {
  /// Byte offset in the kernel's code image.
  public var pc: UInt32
  /// SASS text with guard, without control code and semicolon: `@!P0 LDG.E R2, [R4.64]`.
  public var text: String
  public var control: ControlCode?
  /// Low and high word of the 128-bit encoding, where it is known.
  public var encoding: Encoding?

  public struct Encoding: Hashable, Sendable {
    public var low, high: UInt64
    public init(low: UInt64, high: UInt64) {
      self.low = low
      self.high = high
    }
  }

  public init(pc: UInt32, text: String, control: ControlCode?, encoding: Encoding? = nil) {
    self.pc = pc
    self.text = text
    self.control = control
    self.encoding = encoding
  }
}
