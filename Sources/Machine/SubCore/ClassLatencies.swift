import ISA

/// Latencies from class to class, for readers of registers and predicates.
extension LatencySpec {
  /// The list for an instruction of fixed latency on the vector pipes.
  func results(of producer: Instruction) -> [Int] {
    switch (producer.unit, producer.latencyClass) {
    case (.imad, .imadWide): wideMultiply
    case (.fp32, _), (.imad, _): fma
    case (.half, .fma): halfMultiply
    case (.half, .halfAlu): halfCompare
    case (.half, .halfToF32): halfToF32
    case (.half, _): half
    case (_, .dispatch64): dispatch64
    default: alu
    }
  }

  func results(ofUniform producer: Instruction) -> [Int] {
    isUniformMove(producer) ? uniformMove : uniform
  }

  private func isUniformMove(_ producer: Instruction) -> Bool {
    [.uniformLoad, .uniformMove, .uniformVote].contains(producer.latencyClass)
  }

  /// Issue-to-issue cycles from `producer`, of fixed latency `latency`, to the reading of `source`.
  func needed(
    from producer: Instruction, latency: Int, to consumer: Instruction, _ source: RegisterOperand
  ) -> Int {
    switch source.file {
    case .predicate: return predicate(from: producer, to: consumer, source)
    case .uniformPredicate: return uniformPredicate(from: producer, to: consumer, source)
    case .uniform where producer.unit == .uniform:
      return results(ofUniform: producer)[consumer.uniformReader.rawValue]
    default: break
    }
    let reader = consumer.reader(slot: source.slot)
    switch (producer.unit, reader) {
    case (.tensor, .variable): return latency - tensorToVariable
    case (.tensor, .address): return latency - tensorToAddress
    case (.tensor, _): return latency
    default: return results(of: producer)[reader.rawValue]
    }
  }

  private func predicate(
    from producer: Instruction, to consumer: Instruction, _ source: RegisterOperand
  ) -> Int {
    guard source.slot != RegisterOperand.guardSlot else { return predicate }
    let isAcross = (producer.unit == .imad) != (consumer.unit == .imad) || producer.unit == .half
    switch consumer.reader(slot: source.slot) {
    case .alu, .fma, .wideFactor, .half, .halfCompare, .halfToF32:
      return isAcross ? predicateAcross : predicateToValue
    default: return predicate
    }
  }

  private func uniformPredicate(
    from producer: Instruction, to consumer: Instruction, _ source: RegisterOperand
  ) -> Int {
    let list = isUniformMove(producer) ? uniformVote : uniformPredicate
    let reader: UniformPredicateReader =
      source.slot == RegisterOperand.guardSlot
      ? .guarded
      : consumer.unit == .branch ? .branch : consumer.unit == .uniform ? .uniform : .vector
    return list[reader.rawValue]
  }
}

extension Instruction {
  /// Which column of the latency lists the operand in `slot` reads.
  func reader(slot: UInt8) -> ResultReader {
    switch unit {
    case .fp32: .fma
    case .imad: flags.contains(.wide) && slot < 2 ? .wideFactor : .fma
    case .integer: flags.contains(.variableLatency) ? .variable : .alu
    case .predicate: .alu
    case .half:
      switch latencyClass {
      case .halfAlu: .halfCompare
      case .halfToF32: .halfToF32
      default: .half
      }
    case .fp64: latencyClass == .conversion ? .variable : .fp64
    case .tensor: .tensor
    case .memory: latencyClass == .address ? .address : .variable
    default: .variable
    }
  }

  fileprivate var uniformReader: UniformReader {
    switch unit {
    case .uniform:
      switch latencyClass {
      case .uniformLoad: .constantAddress
      case .uniformMove, .uniformVote: .move
      default: .uniform
      }
    case .branch: .branch
    case .memory, .sfu, .miscellaneousQueue, .miscellaneous, .barrier: .variable
    default: .vector
    }
  }
}
