import ISA
import Machine

/// A reason why warps did not issue, the place where they stood and what caused it.
public struct Bottleneck: Sendable {
  public let reason: StallReason
  /// Share of the kernel's warp-cycles.
  public let share: Double
  /// Where warps stood most for this reason.
  public let pc: UInt32
  /// The instruction that caused it, where it is another one or the same.
  public let cause: UInt32?
  /// Why, in words.
  public let explanation: String

  public var text: String {
    "\(reason.title) at PC 0x\(String(pc, radix: 16)): \(explanation)"
  }
}

extension StallReason {
  /// The name for people: "LG throttle".
  public var title: String {
    switch self {
    case .lgThrottle: "LG throttle"
    case .mioThrottle: "MIO throttle"
    case .imcMiss: "IMC miss"
    default: name.prefix(1).uppercased() + name.dropFirst().replacing("_", with: " ")
    }
  }
}

/// Looks in a profile for what holds its warps.
struct BottleneckFinder {
  let lines: [KernelProfile.Line]
  let statistics: Statistics
  let speedOfLight: SpeedOfLight
  let usesControlBits: Bool
  let registerBanks: Int
  let warpsPerScheduler: Double

  /// Reasons below this share are not worth a sentence.
  private static let leastShare = 0.05

  /// The largest first.
  var bottlenecks: [Bottleneck] {
    let total = StallReason.allCases.reduce(0.0) { $0 + Double(statistics[reason: $1]) }
    guard total > 0 else { return [] }
    return StallReason.allCases.compactMap { reason -> Bottleneck? in
      let share = Double(statistics[reason: reason]) / total
      guard share >= Self.leastShare, reason != .selected, reason != .notSelected,
        let place = largest({ $0.counts[reason: reason] })
      else { return nil }
      let (cause, explanation) = explain(reason, at: place)
      return Bottleneck(
        reason: reason, share: share, pc: lines[place].pc, cause: cause.map { lines[$0].pc },
        explanation: explanation)
    }.sorted { ($1.share, $0.reason.rawValue) < ($0.share, $1.reason.rawValue) }
  }

  /// The line with the most of something, if any has some.
  private func largest(_ value: (KernelProfile.Line) -> UInt64) -> Int? {
    let best = lines.indices.max { (value(lines[$0]), $1) < (value(lines[$1]), $0) }
    return best.flatMap { value(lines[$0]) > 0 ? $0 : nil }
  }

  private func explain(_ reason: StallReason, at place: Int) -> (Int?, String) {
    switch reason {
    case .longScoreboard, .shortScoreboard:
      guard let producer = producer(for: place, long: reason == .longScoreboard) else {
        return (nil, reason.meaning)
      }
      return (producer, "waits for \(named(producer))" + trailing(memory(producer)))
    case .lgThrottle, .mioThrottle:
      let holder = holderOfQueue(at: place)
      let fault = fault(holder)
      if fault.isEmpty {
        return (holder, "more accesses like \(named(holder)) than the memory unit takes")
      }
      return (
        holder, holder == place ? fault : "the queue is full of \(named(holder)): \(fault)"
      )
    case .dispatchStall:
      guard let holder = largest(\.counts.portStalls) else { return (nil, reason.meaning) }
      return (holder, ports(holder))
    case .mathPipeThrottle:
      let unit = lines[place].unit
      let holder = largest { $0.unit == unit ? $0.counts.issues * UInt64($0.interval) : 0 } ?? place
      return (
        holder, "\(named(holder)) holds its unit (\(unit)) for \(lines[holder].interval) cycles"
      )
    case .wait:
      if let holder = largest(\.counts.portStalls),
        lines[holder].counts.portStalls >= lines[holder].counts.issues
      {
        return (holder, "stall counts stand still while " + ports(holder))
      }
      guard let before = executedBefore(place) else { return (nil, reason.meaning) }
      return (before, "the stall count or the latency of \(named(before))")
    case .barrier:
      guard let barrier = before(place, where: { $0.effect == .barrierSync }) else {
        return (nil, reason.meaning)
      }
      return (barrier, "warps wait for the others of their CTA at \(named(barrier))")
    case .membar:
      guard let fence = before(place, where: { $0.effect == .fence }) else {
        return (nil, reason.meaning)
      }
      return (fence, "earlier memory operations must be seen before \(named(fence)) ends")
    case .noInstruction:
      let misses = Double(statistics.l0InstructionMisses)
      let rate = percent(misses, of: Double(statistics.l0InstructionAccesses))
      return (nil, "fetch: \(rate) of the L0's fetches miss, \(lines.count) instructions of code")
    case .imcMiss:
      let rate = percent(
        Double(statistics.constantMisses), of: Double(statistics.constantAccesses))
      return (place, "constant operand of \(named(place)); \(rate) of constant lookups miss")
    case .drain:
      guard
        let store = largest({ $0.instruction.action == .load ? 0 : $0.counts.sectors })
      else { return (nil, reason.meaning) }
      return (store, "exited warps wait for \(named(store))" + trailing(memory(store)))
    case .sleeping, .selected, .notSelected: return (nil, reason.meaning)
    }
  }

  // MARK: Words

  private func named(_ index: Int) -> String {
    "\(lines[index].text) at PC 0x\(String(lines[index].pc, radix: 16))"
  }

  private func trailing(_ detail: String) -> String { detail.isEmpty ? "" : ": \(detail)" }

  private func percent(_ part: Double, of whole: Double) -> String {
    "\(short(whole > 0 ? 100 * part / whole : 0)) %"
  }

  /// At most one decimal, none for large numbers.
  private func short(_ value: Double) -> String {
    let rounded = value >= 10 ? value.rounded() : (value * 10).rounded() / 10
    return rounded == rounded.rounded() ? String(Int64(rounded)) : String(rounded)
  }

  /// The access that holds the memory unit longest, of those that use its busier part; the one at
  /// `place` if it holds it nearly as long.
  private func holderOfQueue(at place: Int) -> Int {
    func sum(_ path: KeyPath<InstructionProfile, UInt64>) -> UInt64 {
      lines.reduce(0) { $0 + $1.counts[keyPath: path] }
    }
    let part = sum(\.sharedCycles) > sum(\.l1Cycles) ? \InstructionProfile.sharedCycles : \.l1Cycles
    guard let holder = largest({ $0.counts[keyPath: part] }) else { return place }
    let most = lines[holder].counts[keyPath: part]
    return lines[place].counts[keyPath: part] * 2 >= most ? place : holder
  }

  /// What is wrong with the addresses of a memory access, if anything.
  private func fault(_ index: Int) -> String {
    let line = lines[index]
    let counts = line.counts
    guard counts.requests > 0 else { return "" }
    if counts.conflictCycles * 2 > counts.requests {
      let least = Double(counts.sharedCycles - counts.conflictCycles) / Double(counts.requests)
      return "\(short(line.passesPerRequest)) passes per request where \(short(least)) would do "
        + "(bank conflicts)"
    }
    if counts.sectors > 0, line.sectorsPerRequest > 1.9 * line.leastSectors {
      return "\(short(line.sectorsPerRequest)) sectors per request where "
        + "\(short(line.leastSectors)) would do (not coalesced)"
    }
    return ""
  }

  /// Why the result of a memory access takes long.
  private func memory(_ index: Int) -> String {
    let line = lines[index]
    let counts = line.counts
    let fault = fault(index)
    guard fault.isEmpty, counts.sectors > 0 else { return fault }
    var found: [String] = []
    if counts.sectorMisses * 2 > counts.sectors {
      let share = percent(Double(counts.sectorMisses), of: Double(counts.sectors))
      found.append("\(share) of its sectors miss the L1")
    }
    if isLatencyBound {
      let few = "latency-bound with \(short(warpsPerScheduler)) warps on a scheduler"
      found.append(followsItself(line) ? "a chain of loads, \(few)" : few)
    }
    return found.joined(separator: ", ")
  }

  /// No part of the machine is busy.
  private var isLatencyBound: Bool { (speedOfLight.top?.percentOfUsed ?? 0) < 60 }

  /// The load's result is the address of its next execution.
  private func followsItself(_ line: KernelProfile.Line) -> Bool {
    let instruction = line.instruction
    for source in 0..<Int(instruction.sourceCount)
    where instruction.sources[source].file == .general {
      for target in 0..<Int(instruction.destinationCount)
      where overlaps(instruction.sources[source], instruction.destinations[target]) { return true }
    }
    return false
  }

  /// How an instruction's operands load the register file's ports.
  private func ports(_ index: Int) -> String {
    let line = lines[index]
    let counts = line.counts
    let issues = Double(max(1, counts.issues))
    var words =
      "\(named(index)) reads \(short(Double(counts.registerReads) / issues)) registers through "
      + "the ports, \(inOneBank(line.instruction)) of its operands in one bank, and waits "
      + "\(short(Double(counts.portStalls) / issues)) cycles for them"
    let lookups = counts.registerCacheHits + counts.registerCacheLosses
    if counts.registerCacheLosses > 0 {
      words +=
        "; the register-file cache lost "
        + percent(Double(counts.registerCacheLosses), of: Double(lookups))
        + " of the values kept for it"
    } else if counts.registerCacheHits == 0 {
      words += "; the register-file cache serves none"
    }
    return words
  }

  /// Most distinct registers that an instruction reads from one bank.
  private func inOneBank(_ instruction: Instruction) -> Int {
    var registers: Set<Int> = []
    for index in 0..<Int(instruction.sourceCount) {
      let source = instruction.sources[index]
      guard source.file == .general else { continue }
      for offset in 0..<Int(source.count) { registers.insert(Int(source.first) + offset) }
    }
    return (0..<max(1, registerBanks)).map { bank in
      registers.count { $0 % max(1, registerBanks) == bank }
    }.max() ?? 0
  }

  // MARK: Producers

  private func overlaps(_ a: RegisterOperand, _ b: RegisterOperand) -> Bool {
    a.file == b.file && Int(a.first) < Int(b.first) + Int(b.count)
      && Int(b.first) < Int(a.first) + Int(a.count)
  }

  private func executedBefore(_ place: Int) -> Int? { before(place) { _ in true } }

  /// The nearest executed line before `place`, around the end of the code if there is none.
  private func before(_ place: Int, where test: (Instruction) -> Bool) -> Int? {
    let order = Array((0..<place).reversed()) + Array((place..<lines.count).reversed())
    return order.first { lines[$0].counts.issues > 0 && test(lines[$0].instruction) }
  }

  /// The instruction whose result `place` waits for: by its counters, else by its registers.
  private func producer(for place: Int, long: Bool) -> Int? {
    let consumer = lines[place].instruction
    guard usesControlBits, consumer.flags.contains(.hasControl) else {
      return before(place) { producer in
        guard isLong(producer) == long else { return false }
        for source in 0..<Int(consumer.sourceCount) {
          for target in 0..<Int(producer.destinationCount)
          where overlaps(consumer.sources[source], producer.destinations[target]) { return true }
        }
        return false
      }
    }
    var mask = consumer.control.waitMask
    // A DEPBAR makes the instruction behind it wait.
    if let bar = executedBefore(place), lines[bar].instruction.effect == .depbar {
      mask |= UInt8(1) << UInt8(min(7, lines[bar].instruction.argument0))
    }
    var found: [Int] = []
    for counter in UInt8(0)..<6 where mask >> counter & 1 == 1 {
      found += producers(of: counter, before: place)
    }
    let fitting = found.filter { isLong(lines[$0].instruction) == long }
    return (fitting.isEmpty ? found : fitting).max {
      (weight($0), $1) < (weight($1), $0)
    }
  }

  private func weight(_ index: Int) -> UInt64 {
    let counts = lines[index].counts
    return max(counts.l1Cycles, counts.sharedCycles) + counts.sectorMisses
  }

  /// Instructions that raise a counter, back to the one that waited for it last.
  private func producers(of counter: UInt8, before place: Int) -> [Int] {
    let order = Array((0..<place).reversed()) + Array((place..<lines.count).reversed())
    var found: [Int] = []
    for index in order where lines[index].counts.issues > 0 {
      let instruction = lines[index].instruction
      let raises =
        instruction.control.writeBarrier == counter || instruction.control.readBarrier == counter
        || instruction.effect == .asyncGroup && counter == instruction.control.writeBarrier
      if raises { found.append(index) }
      if !found.isEmpty, instruction.control.waitMask >> counter & 1 == 1 { break }
    }
    return found
  }

  private func isLong(_ instruction: Instruction) -> Bool {
    instruction.unit == .memory && instruction.action != .exchange
      && instruction.space != .shared && instruction.space != .constant
  }
}
