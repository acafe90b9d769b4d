import ISA
import Traces

/// A container on disk.
public final class ContainerProgram: TraceProgram {
  private let reader: TraceReader
  public let commands: [ProgramCommand]

  public init(path: String) throws {
    reader = try TraceReader(path: path)
    commands = reader.commands.compactMap { command in
      switch command {
      case .copy(let copy):
        copy.direction == .hostToDevice ? .copy(address: copy.address, bytes: copy.bytes) : nil
      case .kernel(let index): .kernel(index)
      }
    }
  }

  public var warnings: [String] { reader.kernels.flatMap(\.warnings) }
  public func launch(_ kernel: Int) -> KernelLaunch { reader.kernels[kernel].launch }
  public func code(_ kernel: Int) -> [StaticInstruction] { reader.kernels[kernel].code }
  public func ctaCount(_ kernel: Int) -> Int { reader.kernels[kernel].ctaCount }
  public func cta(_ kernel: Int, _ index: Int) throws -> CTATrace {
    try reader.cta(kernel: kernel, index: index)
  }
}
