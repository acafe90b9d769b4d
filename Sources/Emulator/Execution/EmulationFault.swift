import ISA

/// Why a kernel stopped, said as a memory checker would say it.
public struct EmulationFault: Error, CustomStringConvertible, Sendable {
  public enum Kind: Sendable {
    /// An access outside every allocation, or not aligned to its size.
    case memory
    /// An instruction that the emulator does not execute.
    case unsupported
    /// Threads wait for each other, or a CTA ran into its limit.
    case hang
    /// The code itself: a trap, an assertion, a jump out of the code.
    case code
  }

  public var kind: Kind
  public var message: String
  public var kernel = ""
  public var instruction = ""
  /// Byte offset in the kernel's code.
  public var pc = 0
  public var cta = Dim3(0, 0, 0)
  public var thread: Dim3?

  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var description: String {
    var place = "kernel \(kernel)"
    if !instruction.isEmpty {
      place += " at 0x\(String(pc, radix: 16)) (\(instruction))"
    }
    if let thread { place += ", block \(cta), thread \(thread)" }
    return "\(message): \(place)"
  }
}
