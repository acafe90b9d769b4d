import ISA

/// Makes the message of one CTA: its warps with what they execute.
struct Micro25BlockWriter {
  private let code: [StaticInstruction]
  /// Bytes that a lane accesses, by instruction.
  private let widths: [Int32]
  private let function: Int32

  /// All of the kernel's code is one function of the static code, `function`.
  init(_ kernel: TraceKernel, function: Int32) {
    code = kernel.code
    self.function = function
    widths = kernel.code.map {
      let bytes = InstructionDecoder.decode($0, architecture: kernel.launch.architecture)
        .accessBytes
      return bytes > 0 ? Int32(bytes) : 4
    }
  }

  func message(_ cta: CTATrace) -> DynamicTrace_threadblock {
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

  private func message(
    _ instruction: DynamicInstruction, _ cta: CTATrace
  ) -> DynamicTrace_instruction {
    var message = DynamicTrace_instruction()
    message.pc = code[Int(instruction.index)].pc
    // Which of the other lanes were predicated off is not known: all count as inactive.
    message.activeMask = instruction.mask
    message.predicateMask = .max
    message.functionUniqueID = function
    guard instruction.mask != 0, instruction.referenceCount > 0 else { return message }
    let first = Int(instruction.reference)
    for place in first..<first + Int(instruction.referenceCount) {
      let addresses = LaneAddresses(cta.references[place], mask: instruction.mask, of: cta)
      message.addresses.append(self.message(addresses, widths[Int(instruction.index)]))
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
