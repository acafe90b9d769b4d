import ISA

/// Makes the message of one CTA: its warps with what they execute.
struct Micro25BlockWriter {
  private let code: [StaticInstruction]
  private let accesses: [Access]
  private let function: Int32
  private var accessesWithoutAddress = 0
  private var copiesWithoutDestination = 0

  /// What an instruction does to memory.
  private struct Access {
    /// Bytes that a lane accesses.
    let width: Int32
    /// Address references that the format wants.
    let references: UInt32

    init(_ instruction: StaticInstruction, _ architecture: Architecture) {
      let decoded = InstructionDecoder.decode(instruction, architecture: architecture)
      width = decoded.accessBytes > 0 ? Int32(decoded.accessBytes) : 4
      references =
        switch decoded.space {
        case .none, .constant, .texture, .surface: 0
        default: decoded.action == .copyAsync ? 2 : 1
        }
    }
  }

  /// All of the kernel's code is one function of the static code, `function`.
  init(_ kernel: TraceKernel, function: Int32) {
    code = kernel.code
    self.function = function
    accesses = kernel.code.map { Access($0, kernel.launch.architecture) }
  }

  /// What the user should know, once all CTAs are made.
  var warnings: [String] {
    var found: [String] = []
    if accessesWithoutAddress > 0 {
      found.append("\(accessesWithoutAddress) memory instructions have no addresses in the trace")
    }
    if copiesWithoutDestination > 0 {
      found.append(
        "\(copiesWithoutDestination) copies to shared memory have only one of their two addresses")
    }
    return found
  }

  mutating func message(_ cta: CTATrace) -> DynamicTrace_threadblock {
    var block = DynamicTrace_threadblock()
    block.blockID.x = Int32(clamping: cta.x)
    block.blockID.y = Int32(clamping: cta.y)
    block.blockID.z = Int32(clamping: cta.z)
    for number in 0..<cta.warpCount {
      var warp = DynamicTrace_warp()
      warp.id = Int32(clamping: number)
      let positions = cta.warpStarts[number]..<cta.warpStarts[number + 1]
      warp.instructions.reserveCapacity(positions.count)
      for position in positions {
        warp.instructions.append(message(cta.instructions[position], cta))
      }
      block.warps[warp.id] = warp
    }
    return block
  }

  private mutating func message(
    _ instruction: DynamicInstruction, _ cta: CTATrace
  ) -> DynamicTrace_instruction {
    var message = DynamicTrace_instruction()
    message.pc = code[Int(instruction.index)].pc
    // Which of the other lanes were predicated off is not known: all count as inactive.
    message.activeMask = instruction.mask
    message.predicateMask = .max
    message.functionUniqueID = function
    guard instruction.mask != 0 else { return message }
    let access = accesses[Int(instruction.index)]
    if instruction.referenceCount < access.references {
      if instruction.referenceCount == 0 {
        accessesWithoutAddress += 1
      } else {
        copiesWithoutDestination += 1
      }
    }
    guard instruction.referenceCount > 0 else { return message }
    let first = Int(instruction.reference)
    for place in first..<first + Int(instruction.referenceCount) {
      let addresses = LaneAddresses(cta.references[place], mask: instruction.mask, of: cta)
      message.addresses.append(self.message(addresses, access.width))
    }
    return message
  }

  private func message(_ addresses: LaneAddresses, _ width: Int32) -> DynamicTrace_address {
    var message = DynamicTrace_address()
    message.dataWidth = width
    switch addresses {
    case .strided(let base, let stride):
      message.compressionFormat = 1
      message.baseAddress = base
      message.stride = stride
    case .differences(let base, let differences):
      message.compressionFormat = 2
      message.baseAddress = base
      message.addrs = differences
    }
    return message
  }
}
