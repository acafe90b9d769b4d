import ISA

/// A copy command of a program.
public struct MemoryCopy: Hashable, Sendable {
  public enum Direction: UInt8, Sendable, CaseIterable {
    case hostToDevice = 0
    case deviceToHost = 1
    case deviceToDevice = 2
    case memset = 3
  }
  public var direction: Direction
  public var address: UInt64
  public var bytes: UInt64

  public init(direction: Direction, address: UInt64, bytes: UInt64) {
    self.direction = direction
    self.address = address
    self.bytes = bytes
  }
}

/// Where importers and recorders put a program, command by command.
public protocol TraceSink {
  mutating func memoryCopy(_ copy: MemoryCopy) throws
  mutating func beginKernel(_ launch: KernelLaunch) throws
  /// Adds a CTA of the open kernel; the order of appending is the order of launch.
  mutating func append(_ cta: CTATrace) throws
  /// Closes the kernel with its static code, in any order; the streams' indices refer to `code`.
  mutating func endKernel(code: [StaticInstruction], warnings: [String]) throws
}
