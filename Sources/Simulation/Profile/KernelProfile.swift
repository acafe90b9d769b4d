import ISA
import Machine

/// Where a kernel's cycles went: by static instruction, by SM, and against the machine's peaks.
public struct KernelProfile: Sendable {
  /// One static instruction and what it cost.
  public struct Line: Sendable {
    public let instruction: Instruction
    /// SASS with its guard.
    public let text: String
    /// Nil where the trace has no control bits.
    public let control: ControlCode?
    /// The unit that executes it, and the cycles that it holds it for.
    public let unit: Unit
    public let interval: Int
    public let counts: InstructionProfile

    public var pc: UInt32 { instruction.pc }
    public var stallCycles: UInt64 {
      StallReason.allCases.reduce(0) {
        $1 == .selected ? $0 : $0 + counts[reason: $1]
      }
    }

    /// Sectors of a request if its lanes' bytes lay side by side.
    public var leastSectors: Double {
      guard counts.requests > 0, counts.issues > 0 else { return 0 }
      let lanes = Double(counts.threads) / Double(counts.issues)
      return max(1, lanes * Double(instruction.accessBytes) / 32)
    }
    public var sectorsPerRequest: Double {
      counts.requests > 0 ? Double(counts.sectors) / Double(counts.requests) : 0
    }
    /// Passes through shared memory's banks for each request.
    public var passesPerRequest: Double {
      counts.requests > 0 ? Double(counts.sharedCycles) / Double(counts.requests) : 0
    }
    /// The opcode without modifiers and operands.
    public var mnemonic: Substring {
      let words = text.split(separator: " ").first { !$0.hasPrefix("@") } ?? ""
      return words.prefix { $0 != "." }
    }
  }

  public let lines: [Line]
  public let sms: [(sm: Int, statistics: Statistics)]
  public let speedOfLight: SpeedOfLight
  public let limits: [Occupancy.Limit]
  public let bottlenecks: [Bottleneck]
  /// Warps resident on a scheduler on the average, over the SMs that the kernel used.
  public let warpsPerScheduler: Double

  init(
    _ counts: KernelCounts, program: Program, code: [StaticInstruction], outcome: KernelOutcome,
    launch: KernelLaunch, spec: GPUSpec
  ) {
    lines = counts.instructions.indices.map { index in
      let execution = program.execution(index)
      return Line(
        instruction: program.instruction(index), text: code[index].text,
        control: code[index].control, unit: execution.unit, interval: execution.interval,
        counts: counts.instructions[index])
    }
    sms = counts.sms
    limits = Occupancy.limits(launch, spec: spec.sm)
    speedOfLight = SpeedOfLight(
      lines: lines, statistics: outcome.statistics, usedSMs: counts.sms.count,
      cycles: outcome.end - outcome.start, spec: spec)
    let resident = Self.resident(outcome, spec)
    bottlenecks =
      BottleneckFinder(
        lines: lines, statistics: outcome.statistics, speedOfLight: speedOfLight,
        usesControlBits: program.usesControlBits, registerBanks: spec.sm.registerFile.banks,
        warpsPerScheduler: resident
      ).bottlenecks
    warpsPerScheduler = resident
  }

  /// What bounds the kernel, in a sentence.
  public var verdict: String {
    guard let top = speedOfLight.top else { return "" }
    let percent = "\(Int(top.percentOfUsed.rounded())) %"
    let used =
      speedOfLight.usedSMs < speedOfLight.allSMs
      ? "; \(speedOfLight.usedSMs) of \(speedOfLight.allSMs) SMs have work" : ""
    switch top.percentOfUsed {
    case 80...: return "bound by \(top.name), \(percent) of its peak" + used
    case 60...: return "nearly bound by \(top.name), \(percent) of its peak" + used
    default:
      let warps = (warpsPerScheduler * 10).rounded() / 10
      return "latency-bound: no part beyond \(percent) of its peak (\(top.name)), "
        + "\(warps) warps on a scheduler" + used
    }
  }

  private static func resident(_ outcome: KernelOutcome, _ spec: GPUSpec) -> Double {
    let cycles = Double(max(1, outcome.end - outcome.start))
    let used = Double(max(1, outcome.counts?.sms.count ?? 1))
    return Double(outcome.statistics.residentWarpCycles) / cycles / used / Double(spec.sm.subCores)
  }
}
