import ISA
import Machine

/// What a kernel reached of the machine's peaks, as in Nsight Compute's section of that name, and
/// its place in the roofline.
public struct SpeedOfLight: Sendable {
  /// One part of the machine.
  public struct Row: Sendable {
    public let name: String
    /// Reached and peak in `unit` for each core cycle of the kernel, all SMs together.
    public let achieved: Double
    public let peak: Double
    public let unit: String
    /// It moves data rather than computing.
    public let isMemory: Bool
    /// The same against the peak of the SMs that had work, for a part that SMs have.
    public let percentOfUsed: Double
    public var percent: Double { peak > 0 ? 100 * achieved / peak : 0 }
  }

  /// Floating-point work of one kind against its peak.
  public struct Work: Sendable {
    public let name: String
    /// Operations in all; a multiply-add counts two.
    public let operations: Double
    /// Operations per second reached, and at most.
    public let achieved: Double
    public let peak: Double
  }

  public let rows: [Row]
  public let work: [Work]
  /// Bytes moved by each level, and its bytes per second at most.
  public let traffic: [(name: String, bytes: Double, peak: Double)]

  /// SMs that had work, and that there are.
  public let usedSMs: Int
  public let allSMs: Int

  public var top: Row? { rows.max { $0.percentOfUsed < $1.percentOfUsed } }

  init(
    lines: [KernelProfile.Line], statistics: Statistics, usedSMs: Int, cycles: Int64, spec: GPUSpec
  ) {
    self.usedSMs = usedSMs
    allSMs = spec.smCount
    let inSMs = Double(spec.smCount) / Double(max(1, usedSMs))
    let time = Double(max(1, cycles))
    let sms = Double(spec.smCount)
    let subCores = sms * Double(spec.sm.subCores)
    let sector = Double(spec.sm.l1.sector.count)
    func busy(_ units: Unit...) -> Double {
      lines.reduce(0) {
        units.contains($1.unit) ? $0 + Double($1.counts.issues) * Double($1.interval) : $0
      } / time
    }
    func sum(_ path: KeyPath<InstructionProfile, UInt64>) -> Double {
      lines.reduce(0) { $0 + Double($1.counts[keyPath: path]) } / time
    }
    func row(
      _ name: String, _ achieved: Double, of peak: Double, _ unit: String, isMemory: Bool,
      isInSMs: Bool = true
    ) -> Row {
      let percent = peak > 0 ? 100 * achieved / peak : 0
      return Row(
        name: name, achieved: achieved, peak: peak, unit: unit, isMemory: isMemory,
        percentOfUsed: isInSMs ? percent * inSMs : percent)
    }
    func pipe(_ name: String, _ busy: Double, _ count: Double) -> Row {
      row(name, busy, of: count, "busy pipes", isMemory: false)
    }
    let l2Sectors = Double(statistics.l2Reads + statistics.l2Writes + statistics.l2Atomics)
    let dramBytes = sector * Double(statistics.dramReads + statistics.dramWrites)
    let clock = spec.clocks.core.value * 1e6
    let dram = spec.memory.dram
    let dramPeak =
      Double(dram.channels * dram.channelBits) / 8 * spec.clocks.memory.value * 4e6 / clock
    let l2Peak = Double(spec.memory.l2.slices * spec.memory.l2.bytesPerCycle)
    let l1Peak = sms * Double(spec.sm.l1.dataBytesPerCycle)
    var rows = [
      row(
        "issue slots", Double(statistics.warpInstructions) / time, of: subCores,
        "warp instructions", isMemory: false)
    ]
    if spec.sm.units.fp32OnIntegerPipe {
      // FP32 goes to whichever of the two pipes is free.
      rows.append(
        pipe("FP32 and integer pipes", busy(.fp32, .imad, .integer, .predicate), 2 * subCores))
    } else {
      rows.append(pipe("FP32 pipe", busy(.fp32, .imad), subCores))
      rows.append(pipe("integer pipe", busy(.integer, .predicate), subCores))
    }
    rows += [
      pipe("half pipe", busy(.half), subCores), pipe("tensor cores", busy(.tensor), subCores),
      pipe("FP64 units", busy(.fp64), spec.sm.units.fp64Shared ? sms : subCores),
      pipe("special functions", busy(.sfu), subCores),
      row(
        "load/store unit", busy(.memory) * Double(spec.sm.memoryUnit.acceptInterval), of: sms,
        "busy units", isMemory: true),
      row("L1 data cache", sum(\.l1Cycles), of: sms, "busy pipelines", isMemory: true),
      row("shared memory", sum(\.sharedCycles), of: sms, "busy bank groups", isMemory: true),
      row("L2", l2Sectors * sector / time, of: l2Peak, "B", isMemory: true, isInSMs: false),
      row("DRAM", dramBytes / time, of: dramPeak, "B", isMemory: true, isInSMs: false),
    ]
    self.rows = rows
    traffic = [
      ("L1", sum(\.sectors) * time * sector, l1Peak * clock),
      ("L2", l2Sectors * sector, l2Peak * clock), ("DRAM", dramBytes, dramPeak * clock),
    ]
    let seconds = time / clock
    work = FloatingPointWork.allCases.compactMap { kind in
      let operations = lines.reduce(0) { $0 + kind.operations($1) }
      guard operations > 0 else { return nil }
      return Work(
        name: kind.rawValue, operations: operations, achieved: operations / seconds,
        peak: kind.peak(lines, spec: spec) * clock)
    }
  }
}

/// Kinds of floating-point work with a peak of their own.
private enum FloatingPointWork: String, CaseIterable {
  case single = "FP32"
  case half = "FP16"
  case double = "FP64"
  case tensor = "tensor"

  /// Operations that a line's executions did.
  func operations(_ line: KernelProfile.Line) -> Double {
    let issues = Double(line.counts.issues)
    let threads = Double(line.counts.threads)
    let shape = line.instruction.tensor
    if shape.m > 0 {
      return self == .tensor ? issues * Self.operations(shape) : 0
    }
    switch (self, line.mnemonic) {
    case (.single, "FFMA"), (.single, "FFMA32I"): return 2 * threads
    case (.single, "FADD"), (.single, "FMUL"), (.single, "FADD32I"), (.single, "FMUL32I"):
      return threads
    case (.half, "HFMA2"): return 4 * threads
    case (.half, "HADD2"), (.half, "HMUL2"): return 2 * threads
    case (.double, "DFMA"): return 2 * threads
    case (.double, "DADD"), (.double, "DMUL"): return threads
    default: return 0
    }
  }

  private static func operations(_ shape: TensorShape) -> Double {
    2 * Double(shape.m) * Double(shape.n) * Double(shape.k)
  }

  /// Operations per core cycle of the whole GPU, by the intervals of the units.
  func peak(_ lines: [KernelProfile.Line], spec: GPUSpec) -> Double {
    let units = spec.sm.units
    let subCores = Double(spec.smCount * spec.sm.subCores)
    switch self {
    case .single: return subCores * 64 / Double(units.fp32) * (units.fp32OnIntegerPipe ? 2 : 1)
    case .half: return subCores * 128 / Double(units.half)
    case .double:
      return (units.fp64Shared ? Double(spec.smCount) : subCores) * 64 / Double(units.fp64)
    case .tensor:
      // The best of the products that the kernel uses.
      let rates = lines.filter { $0.instruction.tensor.m > 0 && $0.counts.issues > 0 }.map {
        Self.operations($0.instruction.tensor) / Double(max(1, $0.interval))
      }
      return subCores * (rates.max() ?? 0)
    }
  }
}
