import ISA

/// Unit, initiation interval and latency of an instruction that does not access memory.
extension RecordCompiler {
  func compileUnit(_ instruction: Instruction, _ record: inout IssueRecord) {
    let units = spec.units
    let latencies = spec.latencies
    let result = instruction.flags.contains(.writesPredicate) ? latencies.predicate : 0
    switch instruction.unit {
    case .fp32: fix(&record, units.fp32, max(result, ownLatency(instruction)))
    case .integer:
      let packs = instruction.latencyClass == .packedConversion
      fix(
        &record, packs ? units.packedConversion : units.integer,
        max(result, ownLatency(instruction)))
    case .imad:
      fix(&record, units.imad, ownLatency(instruction))
      if instruction.flags.contains(.wide) {
        record.issueBusy = UInt8(clamping: spec.issue.wideMultiplyExtraIssue)
      }
    case .half: fix(&record, units.half, max(result, ownLatency(instruction)))
    case .predicate: fix(&record, units.predicate, latencies.predicate)
    case .uniform: fix(&record, units.uniform, ownLatency(instruction))
    case .branch: fix(&record, units.branch, latencies.branch)
    case .miscellaneous, .barrier: fix(&record, units.miscellaneous, latencies.miscellaneous)
    case .tensor: compileTensor(instruction, &record)
    case .sfu: compileSpecial(instruction, &record)
    case .fp64: compileDouble(instruction, &record)
    case .miscellaneousQueue:
      vary(&record, units.miscellaneousQueue, latencies.miscellaneousQueue)
    case .memory: record.flags.insert(.memory)
    }
    // An instruction that names a counter has a variable latency, whatever its class says.
    if record.flags.contains(.fixedLatency), record.writeCounter < 6 || record.readCounter < 6 {
      record.flags.remove(.fixedLatency)
      record.unit = Unit.miscellaneousQueue.rawValue
      vary(&record, units.miscellaneousQueue, latencies.miscellaneousQueue)
    }
  }

  private func fix(_ record: inout IssueRecord, _ interval: Int, _ latency: Int) {
    record.flags.insert(.fixedLatency)
    record.initiation = UInt16(clamping: interval)
    record.latency = UInt16(clamping: latency)
  }

  private func vary(_ record: inout IssueRecord, _ interval: Int, _ latency: Int) {
    record.flags.insert(.shortScoreboard)
    record.initiation = UInt16(clamping: interval)
    record.latency = UInt16(clamping: latency)
  }

  /// Turing's products name a counter: the tensor core is the same, and completion releases it.
  private func compileTensor(_ instruction: Instruction, _ record: inout IssueRecord) {
    let timing = TensorTiming(instruction.tensor, spec: spec.tensor)
    if record.writeCounter < 6 || record.readCounter < 6 {
      vary(&record, timing.interval, timing.latency)
      record.flags.insert(.startsAtIssue)
    } else {
      fix(&record, timing.interval, timing.latency)
    }
  }

  private func compileSpecial(_ instruction: Instruction, _ record: inout IssueRecord) {
    let units = spec.units
    switch instruction.latencyClass {
    case .bitCount: vary(&record, units.bitCount, spec.latencies.sfu)
    case .conversion: vary(&record, units.conversion, spec.latencies.sfu)
    case .toUniform: vary(&record, units.warpReduce, spec.latencies.sfu)
    case .address: vary(&record, units.matrixMove, spec.latencies.matrixMove)
    default: vary(&record, units.sfu, spec.latencies.sfu)
    }
  }

  private func compileDouble(_ instruction: Instruction, _ record: inout IssueRecord) {
    if instruction.latencyClass == .dmma {
      let timing = TensorTiming(instruction.tensor, spec: spec.tensor)
      vary(&record, timing.interval, timing.latency)
      if spec.tensor.hasDouble {
        record.unit = Unit.tensor.rawValue
        record.flags.insert(.startsAtIssue)
        return
      }
    } else {
      vary(&record, spec.units.fp64, doubleLatency(instruction))
    }
    if !spec.units.fp64Shared { record.flags.insert(.startsAtIssue) }
  }

  /// Three operands make an FMA; additions and multiplications have two.
  private func doubleLatency(_ instruction: Instruction) -> Int {
    var operands = 0
    for index in 0..<Int(instruction.sourceCount) where instruction.sources[index].slot < 4 {
      operands += 1
    }
    return operands >= 3
      ? spec.latencies.fp64FMA : max(spec.latencies.fp64Add, spec.latencies.fp64Multiply)
  }

  /// Latency to a reader of the same kind.
  private func ownLatency(_ instruction: Instruction) -> Int {
    let latencies = spec.latencies
    switch instruction.unit {
    case .uniform: return latencies.results(ofUniform: instruction)[UniformReader.uniform.rawValue]
    case .imad: return latencies.results(of: instruction)[ResultReader.fma.rawValue]
    default:
      return latencies.results(of: instruction)[instruction.reader(slot: 0).rawValue]
    }
  }
}
