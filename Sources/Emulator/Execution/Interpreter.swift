import ISA

/// The fetch–execute loop of a warp.
extension Warp {
  /// Instructions that a group may execute while others of its warp could run: no thread starves
  /// another that it waits for.
  private static let fairness = 1024

  /// Executes until all groups wait, the warp has ended, or `quantum` instructions have passed.
  func run(quantum: Int) throws {
    let operations = cta.context.kernel.operations
    let code = UnsafePointer(operations.baseAddress!)
    var budget = quantum
    while budget > 0, let group = convergence.schedule() {
      pc = group.pc
      active = group.mask
      switched = false
      var patience = Self.fairness
      while true {
        guard pc >= 0, pc < operations.count else {
          throw locate(EmulationFault(.code, "the program counter left the code"), lane: nil)
        }
        let operation = code + pc
        next = pc + 1
        let guardBits = predicates[operation.pointee.guardPredicate.index]
        mask = active & (operation.pointee.guardPredicate.isNegated ? ~guardBits : guardBits)
        if stream != nil { stream!.append(index: pc, mask: mask) }
        executed += 1
        budget -= 1
        if mask != 0 || operation.pointee.runsAlways {
          do {
            if operation.pointee.isUniform {
              try runUniform(operation)
            } else {
              try operation.pointee.run(self, operation)
            }
          } catch let fault as EmulationFault {
            throw fault.kernel.isEmpty ? locate(fault, lane: nil) : fault
          }
        }
        if switched { break }
        pc = next
        patience -= 1
        if budget <= 0 || patience <= 0 {
          convergence.advance(to: pc)
          if patience <= 0 { convergence.rotate() }
          break
        }
      }
      if yieldsTurn {
        yieldsTurn = false
        return
      }
    }
  }

  /// One execution for the warp; the first executing lane's result is the uniform one.
  private func runUniform(_ operation: UnsafePointer<Operation>) throws {
    let lane = mask.trailingZeroBitCount
    let executing = mask
    mask = 1 << UInt32(lane)
    try operation.pointee.run(self, operation)
    mask = executing
    let destination = operation.pointee.destination
    if destination < OperandText.zeroRegister {
      for word in 0..<operation.pointee.words {
        uniform[destination + word] = registers[(Self.discard + word) * 32 + lane]
      }
    }
    for index in [operation.pointee.result, operation.pointee.secondResult]
    where index >= Predicates.uniform && index < Predicates.discard {
      predicates[index] = predicates[index] >> UInt32(lane) & 1 == 1 ? .max : 0
    }
  }

  /// Says where a fault happened.
  func locate(_ fault: EmulationFault, lane: Int?) -> EmulationFault {
    var fault = fault
    let launch = cta.context.launch
    fault.kernel = launch.kernel.name
    fault.cta = cta.position
    if pc >= 0, pc < launch.kernel.code.count {
      fault.instruction = launch.kernel.code[pc].text
      fault.pc = Int(launch.kernel.code[pc].pc)
    }
    let lane = lane ?? max(0, min(31, (mask == 0 ? active : mask).trailingZeroBitCount))
    fault.thread = threadPosition(lane: lane)
    return fault
  }

  func threadPosition(lane: Int) -> Dim3 {
    let thread = UInt32(index * 32 + lane)
    let block = cta.context.launch.block
    return Dim3(thread % block.x, thread / block.x % block.y, thread / block.x / block.y)
  }
}
