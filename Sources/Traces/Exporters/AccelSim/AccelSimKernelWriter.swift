import ISA

/// Writes one launch as the text of a `.traceg` file: header, then blocks in launch order.
struct AccelSimKernelWriter {
  private let kernel: TraceKernel
  private let place: String
  private let source: String
  /// The static parts of lines, by instruction; nil until it is executed.
  private var lines: [AccelSimLine?]
  private var text: [UInt8] = []
  private var ctasWithIdleWarps = 0
  private var accessesWithoutAddress = 0

  /// `place` names the kernel in errors about the file `source`.
  init(_ kernel: TraceKernel, place: String, source: String) {
    self.kernel = kernel
    self.place = place
    self.source = source
    lines = Array(repeating: nil, count: kernel.code.count)
  }

  /// What the user should know, once all CTAs are written.
  var warnings: [String] {
    var found: [String] = []
    if kernel.code.contains(where: { $0.control != nil || $0.encoding != nil }) {
      found.append("control bits are left out: the format has none")
    }
    if kernel.launch.cluster.count > 1 { found.append("clusters are left out") }
    if kernel.ctaCount != kernel.launch.grid.count {
      found.append(
        "\(kernel.ctaCount) CTAs of a grid of \(kernel.launch.grid.count); Accel-Sim wants all")
    }
    if ctasWithIdleWarps > 0 {
      found.append(
        "\(ctasWithIdleWarps) CTAs have warps that execute nothing; Accel-Sim stops at such")
    }
    if accessesWithoutAddress > 0 {
      found.append("\(accessesWithoutAddress) memory instructions have no addresses in the trace")
    }
    let crowded = lines.count { ($0?.sourcesLeftOut ?? 0) > 0 }
    if crowded > 0 {
      found.append(
        "\(crowded) instructions read more than \(AccelSimLine.sourceLimit) registers; the further "
          + "ones are left out, for Accel-Sim takes no more")
    }
    return found
  }

  /// The lines above the first block; launches are counted from 1.
  func header(number: Int) throws -> String {
    let launch = kernel.launch
    guard launch.name.utf8.count < 1 << 15, !launch.name.utf8.contains(where: { $0 < 32 }) else {
      throw TraceError(source, "\(place): the kernel's name does not fit a line of text")
    }
    func address(_ value: UInt64) -> String {
      var digits: [UInt8] = []
      digits.append(hexadecimal: value, width: 16)
      return "0x" + String(decoding: digits, as: UTF8.self)
    }
    return """
      -kernel name = \(launch.name)
      -kernel id = \(number)
      -grid dim = \(launch.grid)
      -block dim = \(launch.block)
      -shmem = \(launch.staticShared + launch.dynamicShared)
      -nregs = \(launch.registers)
      -binary version = \(launch.architecture.number)
      -cuda stream id = \(launch.stream)
      -shmem base_addr = \(address(launch.sharedWindow))
      -local mem base_addr = \(address(launch.localWindow))
      -nvbit version = none, exported by needletail
      -accelsim tracer version = 5
      -enable lineinfo = 0

      #traces format = pc mask ndst [dst] opcode nsrc [src] width [mode addresses] immediate


      """
  }

  // MARK: Blocks

  mutating func write(_ cta: CTATrace, to file: OutputFile) throws {
    text.append(contentsOf: "#BEGIN_TB\n\nthread block = \(cta.x),\(cta.y),\(cta.z)\n\n".utf8)
    for warp in 0..<cta.warpCount {
      let instructions = cta.warpStarts[warp]..<cta.warpStarts[warp + 1]
      // A reader takes the first instruction's pc for the warp's start.
      guard !instructions.isEmpty else { continue }
      text.append(contentsOf: "warp = \(warp)\ninsts = \(instructions.count)\n".utf8)
      for position in instructions {
        try write(cta.instructions[position], cta)
        if text.count >= 1 << 16 { try empty(into: file) }
      }
    }
    text.append(contentsOf: "\n#END_TB\n\n".utf8)
    try empty(into: file)
    let idle = (0..<kernel.launch.warpsPerCTA).contains {
      $0 >= cta.warpCount || cta.warpStarts[$0] == cta.warpStarts[$0 + 1]
    }
    if idle { ctasWithIdleWarps += 1 }
  }

  private mutating func empty(into file: OutputFile) throws {
    try file.write(text)
    text.removeAll(keepingCapacity: true)
  }

  private mutating func write(_ instruction: DynamicInstruction, _ cta: CTATrace) throws {
    let line = try line(Int(instruction.index))
    text += line.pc
    text.append(hexadecimal: UInt64(instruction.mask), width: 8)
    text += line.operation
    if instruction.mask == 0, line.accessesMemory {
      // Mode 0 with no lane to list an address for.
      text.append(decimal: line.width)
      text.append(contentsOf: " 0 ".utf8)
    } else if instruction.mask != 0, instruction.referenceCount > 0 {
      text.append(decimal: line.width)
      // Of two references (LDGSTS) the format keeps the last, the global one.
      let last = Int(instruction.reference) + Int(instruction.referenceCount) - 1
      write(LaneAddresses(cta.references[last], mask: instruction.mask, of: cta))
    } else {
      if line.accessesMemory { accessesWithoutAddress += 1 }
      text.append(contentsOf: "0 ".utf8)
    }
    text += line.immediate
  }

  private mutating func write(_ addresses: LaneAddresses) {
    switch addresses {
    case .strided(let base, let stride):
      text.append(contentsOf: " 1 0x".utf8)
      text.append(hexadecimal: base, width: 1)
      text.append(UInt8(ascii: " "))
      text.append(decimal: Int64(stride))
    case .differences(let base, let differences):
      text.append(contentsOf: " 2 0x".utf8)
      text.append(hexadecimal: base, width: 1)
      for difference in differences {
        text.append(UInt8(ascii: " "))
        text.append(decimal: difference)
      }
    }
    text.append(UInt8(ascii: " "))
  }

  /// The static part of an instruction's lines, which is made when it is first executed: code that
  /// is not executed is not written, and may be whatever it is.
  private mutating func line(_ index: Int) throws -> AccelSimLine {
    if let line = lines[index] { return line }
    let instruction = kernel.code[index]
    do {
      let line = try AccelSimLine(instruction, kernel.launch.architecture)
      lines[index] = line
      return line
    } catch {
      let pc = String(instruction.pc, radix: 16)
      throw TraceError(source, "\(place): the instruction at 0x\(pc) \(error.message)")
    }
  }
}

extension [UInt8] {
  /// Appends a number in lower-case digits, with zeros before it up to `width` digits.
  mutating func append(hexadecimal value: UInt64, width: Int) {
    let significant = (67 - value.leadingZeroBitCount) / 4
    for place in stride(from: Swift.max(width, significant, 1) - 1, through: 0, by: -1) {
      let digit = place < 16 ? UInt8(truncatingIfNeeded: value >> UInt64(place * 4)) & 15 : 0
      append(digit < 10 ? 48 + digit : 87 + digit)
    }
  }

  /// Appends a number like −12.
  mutating func append(decimal value: Int64) {
    if value < 0 { append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    let start = count
    repeat {
      append(48 + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    self[start...].reverse()
  }
}
