import ISA
import Machine
import Traces

/// A program that can be simulated: commands in order, kernels with code and CTAs.
public protocol TraceProgram: AnyObject {
  var commands: [ProgramCommand] { get }
  var warnings: [String] { get }
  func launch(_ kernel: Int) -> KernelLaunch
  func code(_ kernel: Int) -> [StaticInstruction]
  func ctaCount(_ kernel: Int) -> Int
  func cta(_ kernel: Int, _ index: Int) throws -> CTATrace
}

public enum ProgramCommand: Sendable {
  /// Host-to-device copy: address and bytes.
  case copy(address: UInt64, bytes: UInt64)
  case kernel(Int)
}

/// A listing, expanded CTA by CTA.
public final class ListingProgram: TraceProgram {
  private let kernels: [ListingKernel]
  public let commands: [ProgramCommand]
  public let warnings: [String] = []

  public init(_ listing: Listing) {
    var kernels: [ListingKernel] = []
    commands = listing.commands.map { command in
      switch command {
      case .copy(let address, let bytes): return .copy(address: address, bytes: bytes)
      case .kernel(let kernel):
        kernels.append(kernel)
        return .kernel(kernels.count - 1)
      }
    }
    self.kernels = kernels
  }

  public func launch(_ kernel: Int) -> KernelLaunch { kernels[kernel].launch }
  public func code(_ kernel: Int) -> [StaticInstruction] { kernels[kernel].code }
  public func ctaCount(_ kernel: Int) -> Int { kernels[kernel].launch.grid.count }
  public func cta(_ kernel: Int, _ index: Int) throws -> CTATrace {
    kernels[kernel].cta(index: index)
  }
}

/// Hands the engine a kernel's CTAs.
private final class ProgramCTASource: CTASource {
  let program: any TraceProgram
  let kernel: Int

  init(_ program: any TraceProgram, _ kernel: Int) {
    self.program = program
    self.kernel = kernel
  }

  func cta(_ index: Int) throws -> CTATrace { try program.cta(kernel, index) }
}

extension EngineKernel {
  /// Decodes and compiles a kernel's code for the machine.
  init(
    program: any TraceProgram, index: Int, id: Int, spec: GPUSpec,
    copies: [(address: UInt64, bytes: UInt64)], warnings: inout [String]
  ) throws {
    let launch = program.launch(index)
    let code = program.code(index)
    var decoded: [Instruction] = []
    decoded.reserveCapacity(code.count)
    var unknown: Set<String> = []
    var newer: Set<String> = []
    for instruction in code {
      let result = InstructionDecoder.decode(instruction, architecture: launch.architecture)
      if result.flags.contains(.unsupported) {
        throw SimulationError.unsupported(
          kernel: launch.name, instruction: instruction.text, why: "is not modelled yet")
      }
      if result.tensor.m > 0, result.tensor.leastArchitecture > spec.architecture {
        newer.insert(instruction.text.opcodeText)
      }
      if result.flags.contains(.unknownOpcode) { unknown.insert(instruction.text.opcodeText) }
      decoded.append(result)
    }
    if !unknown.isEmpty {
      warnings.append(
        "kernel \(id) (\(launch.name)): unknown opcodes, classified conservatively: "
          + unknown.sorted().joined(separator: ", "))
    }
    if !newer.isEmpty {
      warnings.append(
        "kernel \(id) (\(launch.name)): products that sm_\(spec.architecture) does not have run at "
          + "the assumed rates of its description: " + newer.sorted().joined(separator: ", "))
    }
    let compiled = Program(
      code: decoded, identity: index, architecture: launch.architecture, spec: spec.sm)
    if !compiled.usesControlBits, spec.sm.dependence.mode == .controlBits {
      warnings.append(
        "kernel \(id) (\(launch.name), \(launch.architecture)): no control bits in the trace; "
          + "dependences run under scoreboards")
    }
    self.init(
      id: id, launch: launch, program: compiled, ctaCount: program.ctaCount(index),
      source: ProgramCTASource(program, index), copies: copies)
  }
}

extension String {
  /// The opcode with its modifiers: the first word after a guard.
  fileprivate var opcodeText: String {
    let words = split(separator: " ", maxSplits: 2)
    let opcode = words.first { !$0.hasPrefix("@") }
    return opcode.map(String.init) ?? self
  }
}
