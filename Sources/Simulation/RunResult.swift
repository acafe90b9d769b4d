import Configuration
import ISA
import Machine

/// What a run gives back: plain values, ready for tables, JSON and CSV.
public struct RunResult: Sendable {
  /// Version of the JSON layout.
  public static let schemaVersion = 1

  public var simulator: String
  /// What was simulated.
  public var machine: MachineDescription
  public var trace: String
  public var kernels: [KernelResult]
  /// The cycle limit ended the run before the trace did.
  public var truncated: Bool
  /// Core cycles from the first kernel's start to the last kernel's end.
  public var cycles: Int64
  /// Confidence interval of `cycles`, if it is an estimate.
  public var cycleInterval: ClosedRange<Int64>?
  public var warnings: [String]
  /// Where they were asked for.
  public var timeline: EventLog<TimelineEvent>?
  public var pipeline: EventLog<PipelineEvent>?
  public var host: Host

  /// What the run cost on this computer; everything else is the same for every run of the same
  /// inputs.
  public struct Host: Sendable {
    public var seconds: Double
    /// Highest resident set size in bytes.
    public var peakMemoryBytes: Int
    public var threads: Int
    /// Where the time went, if that was measured.
    public var stages: StageTimes?
  }

  public var gpu: String { machine.name }
  /// Hash of the resolved machine description.
  public var gpuHash: String { machine.hash }
  public var overrides: [String] { machine.overrides }
  public var warpInstructions: UInt64 { kernels.reduce(0) { $0 + $1.statistics.warpInstructions } }
  public var threadInstructions: UInt64 {
    kernels.reduce(0) { $0 + $1.statistics.threadInstructions }
  }
}

/// One kernel launch of a run.
public struct KernelResult: Sendable {
  /// Number of the launch in the trace, from 1.
  public var id: Int
  public var launch: KernelLaunch
  /// Core cycles from being runnable to the end of the last CTA, launch overhead included.
  public var cycles: Int64
  /// Core cycle at which the kernel became runnable.
  public var startCycle: Int64
  public var ctas: Int
  /// When so many CTAs had ended as the GPU holds at a time, twice as many, and so on.
  public var waveEnds: [Int64]
  /// Cycles and counts are estimates from a part of the CTAs.
  public var sampling: Sampling?
  public var occupancy: Occupancy
  /// Resident warps as a share of the SMs' warp slots, over the kernel's cycles.
  public var achievedOccupancy: Double
  public var statistics: Statistics
  public var clockReads: [ClockRead]
  public var issueLog: [IssueLogEntry]
  /// What the hazard checker found, where it was asked for.
  public var hazards: [Hazard]
  /// Where the cycles went, where that was asked for.
  public var profile: KernelProfile?
  /// How dependences were enforced: "control bits" or "scoreboard".
  public var dependences: String

  /// How a sampled kernel's cycles were come by.
  public var isSampled: Bool { sampling != nil }

  /// Warp instructions per cycle of the whole GPU.
  public var ipc: Double {
    cycles > 0 ? Double(statistics.warpInstructions) / Double(cycles) : 0
  }
}
