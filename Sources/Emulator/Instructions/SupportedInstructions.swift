/// What the emulator executes, from the rules themselves.
public enum SupportedInstructions {
  public struct Family: Sendable {
    public let name: String
    /// Base mnemonics; most have a twin in the uniform datapath, with a U in front.
    public let opcodes: [String]
  }

  public static let families: [Family] = [
    Family(name: "integer", opcodes: InstructionRules.integer.keys.sorted()),
    Family(
      name: "bits and shifts",
      opcodes: (Array(InstructionRules.bits.keys) + InstructionRules.shifts.keys).sorted()),
    Family(name: "bytes, dot products, DPX", opcodes: InstructionRules.video.keys.sorted()),
    Family(name: "single precision", opcodes: InstructionRules.single.keys.sorted()),
    Family(name: "double precision", opcodes: InstructionRules.double.keys.sorted()),
    Family(name: "packed halves", opcodes: InstructionRules.half.keys.sorted()),
    Family(name: "conversions", opcodes: InstructionRules.conversions.keys.sorted()),
    Family(name: "tensor cores", opcodes: InstructionRules.tensor.keys.sorted()),
    Family(name: "predicates", opcodes: InstructionRules.predicates.keys.sorted()),
    Family(name: "moves and special registers", opcodes: InstructionRules.moves.keys.sorted()),
    Family(name: "within the warp", opcodes: InstructionRules.warp.keys.sorted()),
    Family(name: "memory", opcodes: InstructionRules.memory.keys.sorted()),
    Family(name: "atomics", opcodes: InstructionRules.atomics.keys.sorted()),
    Family(
      name: "barriers in memory", opcodes: InstructionRules.memoryBarriers.keys.sorted()),
    Family(name: "textures and surfaces", opcodes: InstructionRules.texture.keys.sorted()),
    Family(name: "control flow and order", opcodes: InstructionRules.control.keys.sorted()),
  ]
}
