import ISA
import Simulation
import Traces

@testable import Emulator

/// What a kernel did: warp instructions by opcode, and the bytes that lanes asked each memory for.
struct ExecutionCounts: Equatable {
  var instructions: [String: Int] = [:]
  var threadInstructions = 0
  var bytes: [MemorySpace: Int] = [.global: 0, .local: 0, .shared: 0, .constant: 0]

  /// What the simulator issued and sent to its memories.
  init(simulated kernel: KernelResult, code: [StaticInstruction]) {
    let opcodes = code.map { InstructionText($0.text).mnemonic }
    for entry in kernel.issueLog { instructions[opcodes[entry.instruction], default: 0] += 1 }
    let statistics = kernel.statistics
    threadInstructions = Int(statistics.threadInstructions)
    bytes = [
      .global: Int(statistics.globalBytes), .local: Int(statistics.localBytes),
      .shared: Int(statistics.sharedBytes), .constant: Int(statistics.constantBytes),
    ]
  }

  /// What the emulator executed: the stream that it recorded, with the widths of its own decoding.
  init(recorded number: Int, of reader: TraceReader) throws {
    let kernel = reader.kernels[number]
    let accesses = try kernel.code.map { try Access($0, kernel.launch.architecture) }
    for index in 0..<kernel.ctaCount {
      let cta = try reader.cta(kernel: number, index: index)
      for instruction in cta.instructions {
        let access = accesses[Int(instruction.index)]
        instructions[access.opcode, default: 0] += 1
        threadInstructions += instruction.mask.nonzeroBitCount
        guard let space = access.space, instruction.referenceCount > 0 else { continue }
        guard space == .generic else {
          add(access, space, lanes: instruction.mask.nonzeroBitCount)
          continue
        }
        let reference = cta.references[Int(instruction.reference)]
        for lane in 0..<instruction.mask.nonzeroBitCount {
          let address =
            reference.list == AddressReference.none
            ? reference.base &+ UInt64(bitPattern: reference.stride) &* UInt64(lane)
            : cta.addresses[Int(reference.list) + lane]
          add(access, Self.memory(of: address), lanes: 1)
        }
      }
    }
  }

  private mutating func add(_ access: Access, _ space: MemorySpace, lanes: Int) {
    bytes[space]! += lanes * access.bytes
    if access.isCopy { bytes[.shared]! += lanes * access.bytes }
  }

  private static func memory(of address: UInt64) -> MemorySpace {
    switch address & ~0xffff_ffff {
    case GridExecution.sharedWindow: .shared
    case GridExecution.localWindow: .local
    default: .global
    }
  }

  /// An instruction's share in the counts, as the emulator decodes it.
  private struct Access {
    let opcode: String
    /// The memory it accesses, if any but those of textures and barriers.
    let space: MemorySpace?
    /// For each lane.
    let bytes: Int
    let isCopy: Bool

    init(_ instruction: StaticInstruction, _ architecture: Architecture) throws {
      opcode = InstructionText(instruction.text).mnemonic
      isCopy = opcode == "LDGSTS"
      switch opcode {
      case "LDG", "STG", "ATOMG", "REDG", "LDGSTS": space = .global
      case "LDS", "STS", "ATOMS", "REDS", "LDSM": space = .shared
      case "LDL", "STL": space = .local
      case "LD", "ST", "ATOM", "RED": space = .generic
      case "LDC": space = .constant
      default: space = nil
      }
      guard space != nil else {
        bytes = 0
        return
      }
      let operation = try InstructionRules.decode(
        instruction, architecture: architecture, pool: ConstantPool())
      // A lane's share of each 8 x 8 matrix is a word; a barrier has two.
      bytes =
        opcode == "LDSM"
        ? 4 * operation.mode : instruction.text.contains("ARRIVE.64") ? 8 : operation.width
    }
  }
}
