import ISA

/// A result that an instruction would read before it is there, by this machine's latencies.
///
/// Compiled code is right on its hardware; so where a hazard shows, a latency of the description
/// is too long or a rule is missing.
public struct Hazard: Sendable, Hashable {
  /// Indices in the kernel's static code.
  public var consumer: Int
  public var producer: Int
  public var file: RegisterFile
  public var register: Int
  /// Cycles between the two issues, and what the producer needs; 0 needed: the consumer does not
  /// wait for the producer's dependence counter.
  public var distance: Int64
  public var needed: Int
  /// Executions in which it shows.
  public var count = 1
}

/// Follows what each warp issued and when, and finds reads that come too early.
public struct HazardChecker {
  private struct Producer {
    var instruction: Int
    var cycle: Int64
  }

  private let program: Program
  private let latencies: LatencySpec

  public init(program: Program, spec: SMSpec) {
    self.program = program
    latencies = spec.latencies
  }

  /// Hazards of code with control bits, one for each pair of instructions, the most frequent
  /// first.
  public func hazards(in log: [IssueLogEntry]) -> [Hazard] {
    var found: [Key: Hazard] = [:]
    var ordered = log
    ordered.sort { ($0.cta, $0.warp, $0.cycle) < ($1.cta, $1.warp, $1.cycle) }
    var start = 0
    while start < ordered.count {
      var end = start
      while end < ordered.count, ordered[end].cta == ordered[start].cta,
        ordered[end].warp == ordered[start].warp
      { end += 1 }
      follow(ordered[start..<end], &found)
      start = end
    }
    return found.values.sorted {
      ($1.count, $0.consumer, $0.producer) < ($0.count, $1.consumer, $1.producer)
    }
  }

  private struct Key: Hashable {
    var consumer: Int
    var producer: Int
  }

  private func follow(_ log: ArraySlice<IssueLogEntry>, _ found: inout [Key: Hazard]) {
    /// The last writer of each register.
    var writers: [Int: Producer] = [:]
    /// Producers of variable latency whose counters nobody has waited for, by issue order.
    var pending: [Int] = []
    for entry in log {
      let instruction = program.instructions[entry.instruction]
      let record = program.records[entry.instruction]
      guard instruction.flags.contains(.hasControl) else { continue }
      settle(instruction, record, &pending)
      for index in 0..<Int(instruction.sourceCount) {
        let source = instruction.sources[index]
        for offset in 0..<Int(source.count) {
          let register = Int(source.first) + offset
          guard let producer = writers[RegisterSet.index(source.file, register)] else { continue }
          let needed = needed(from: producer.instruction, to: instruction, source)
          let distance = entry.cycle - producer.cycle
          let waits = pending.contains(producer.instruction)
          guard waits || distance < Int64(needed) else { continue }
          let key = Key(consumer: entry.instruction, producer: producer.instruction)
          if found[key] == nil {
            found[key] = Hazard(
              consumer: entry.instruction, producer: producer.instruction, file: source.file,
              register: register, distance: distance, needed: waits ? 0 : needed)
          } else {
            found[key]?.count += 1
          }
        }
      }
      for index in 0..<Int(instruction.destinationCount) {
        let target = instruction.destinations[index]
        for offset in 0..<Int(target.count) {
          writers[RegisterSet.index(target.file, Int(target.first) + offset)] = Producer(
            instruction: entry.instruction, cycle: entry.cycle)
        }
      }
      if !record.flags.contains(.fixedLatency), instruction.destinationCount > 0 {
        pending.append(entry.instruction)
      }
    }
  }

  /// Takes out the producers that an instruction has waited for. A pipe of variable latency
  /// completes in order, so a wait covers earlier instructions of the same unit that name no
  /// counter. Conversions of doubles count with the multifunction unit and with FP64: shipped code
  /// leaves an F2F.F32.F64 to the counter of a later F2I.
  private func settle(
    _ instruction: Instruction, _ record: IssueRecord, _ pending: inout [Int]
  ) {
    var threshold = 0
    var mask = record.waitMask
    if record.effect == .depbar {
      mask |= UInt8(truncatingIfNeeded: record.argument2) & 63
      if record.argument0 < 6 { mask |= 1 << UInt8(record.argument0) }
      threshold = Int(record.argument1)
    }
    guard mask != 0 else { return }
    var allowed = threshold
    var units: Set<UInt8> = []
    for index in pending.indices.reversed() {
      let producer = program.records[pending[index]]
      let counter = producer.writeCounter
      if counter < 6, mask >> counter & 1 == 1 {
        if allowed > 0 {
          allowed -= 1
          continue
        }
        units.insert(producer.unit)
        if producer.unit == Unit.sfu.rawValue { units.insert(Unit.fp64.rawValue) }
        pending.remove(at: index)
      } else if counter >= 6, units.contains(producer.unit) {
        pending.remove(at: index)
      }
    }
  }

  /// Issue-to-issue cycles that a result of fixed latency needs for this use.
  private func needed(
    from producer: Int, to consumer: Instruction, _ source: RegisterOperand
  ) -> Int {
    let record = program.records[producer]
    guard record.flags.contains(.fixedLatency) else { return 0 }
    return latencies.needed(
      from: program.instructions[producer], latency: Int(record.latency), to: consumer, source)
  }
}
