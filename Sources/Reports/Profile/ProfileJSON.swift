import Machine
import Simulation

/// A kernel's profile as it stands in the JSON of a run, written and read back.
public struct ProfileJSON: Codable, Sendable {
  /// A static instruction. Counts and stalls that are 0 are left out.
  public struct Instruction: Codable, Sendable {
    /// Byte offset in the kernel's code.
    public var pc: UInt32
    public var sass: String
    /// CuAssembler's notation; absent without control bits.
    public var control: String?
    public var unit: String
    /// Warp-cycles by reason.
    public var stalls: [String: UInt64]
    /// By the names of `InstructionProfile.counters`.
    public var counts: [String: UInt64]
    /// Active threads of an issue, and per access sectors, sectors at least, and passes through
    /// shared memory's banks.
    public var threadsPerIssue: Double?
    public var sectorsPerRequest: Double?
    public var leastSectorsPerRequest: Double?
    public var passesPerRequest: Double?

    public func count(_ name: String) -> UInt64 { counts[name] ?? 0 }
    /// Warp-cycles in which warps stood here without issuing.
    public var waiting: UInt64 {
      stalls.reduce(0) { $1.key == StallReason.selected.name ? $0 : $0 + $1.value }
    }
    /// The reason for most of them.
    public var mostly: String? {
      stalls.filter { $0.key != StallReason.selected.name }
        .max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }
  }

  public struct Place: Codable, Sendable {
    public var reason: String
    /// Of the kernel's warp-cycles.
    public var share: Double
    public var pc: UInt32
    public var causePC: UInt32?
    public var text: String
  }

  public struct Part: Codable, Sendable {
    public var name: String
    public var achieved: Double
    public var peak: Double
    /// Per core cycle.
    public var unit: String
    public var percent: Double
    /// Against the SMs that had work, where it is a part of the SMs.
    public var percentOfUsed: Double
    public var isMemory: Bool
  }

  public struct Work: Codable, Sendable {
    public var name: String
    public var operations: Double
    public var operationsPerSecond: Double
    public var peakOperationsPerSecond: Double
  }

  public struct Traffic: Codable, Sendable {
    public var name: String
    public var bytes: Double
    public var peakBytesPerSecond: Double
  }

  public struct SM: Codable, Sendable {
    public var sm: Int
    public var warpInstructions: UInt64
    public var residentWarpCycles: UInt64
    public var stalls: [String: UInt64]
  }

  public struct Roofline: Codable, Sendable {
    public var work: [Work]
    public var traffic: [Traffic]
  }

  public var verdict: String
  public var bottlenecks: [Place]
  public var speedOfLight: [Part]
  public var roofline: Roofline
  /// CTAs that fit on an SM by each resource alone.
  public var occupancyLimits: [String: Int]
  public var warpsPerScheduler: Double
  public var sms: [SM]
  public var instructions: [Instruction]

  public init(_ profile: KernelProfile) {
    verdict = profile.verdict
    bottlenecks = profile.bottlenecks.map {
      Place(
        reason: $0.reason.name, share: $0.share, pc: $0.pc, causePC: $0.cause, text: $0.text)
    }
    speedOfLight = profile.speedOfLight.rows.map {
      Part(
        name: $0.name, achieved: $0.achieved, peak: $0.peak, unit: $0.unit, percent: $0.percent,
        percentOfUsed: $0.percentOfUsed, isMemory: $0.isMemory)
    }
    roofline = Roofline(
      work: profile.speedOfLight.work.map {
        Work(
          name: $0.name, operations: $0.operations, operationsPerSecond: $0.achieved,
          peakOperationsPerSecond: $0.peak)
      },
      traffic: profile.speedOfLight.traffic.map {
        Traffic(name: $0.name, bytes: $0.bytes, peakBytesPerSecond: $0.peak)
      })
    occupancyLimits = Dictionary(
      profile.limits.map { ($0.resource, $0.ctas) }, uniquingKeysWith: min)
    warpsPerScheduler = profile.warpsPerScheduler
    sms = profile.sms.map { sm, statistics in
      SM(
        sm: sm, warpInstructions: statistics.warpInstructions,
        residentWarpCycles: statistics.residentWarpCycles,
        stalls: Self.named { statistics[reason: $0] })
    }
    instructions = profile.lines.map(Instruction.init)
  }

  fileprivate static func named(_ value: (StallReason) -> UInt64) -> [String: UInt64] {
    Dictionary(
      uniqueKeysWithValues: StallReason.allCases.map { ($0.name, value($0)) }.filter { $0.1 > 0 })
  }
}

extension ProfileJSON.Instruction {
  fileprivate init(_ line: KernelProfile.Line) {
    let counts = line.counts
    pc = line.pc
    sass = line.text
    control = line.control?.notation
    unit = "\(line.unit)"
    stalls = ProfileJSON.named { counts[reason: $0] }
    self.counts = Dictionary(
      uniqueKeysWithValues: InstructionProfile.counters.map { ($0.name, counts[keyPath: $0.path]) }
        .filter { $0.1 > 0 })
    if counts.issues > 0 { threadsPerIssue = Double(counts.threads) / Double(counts.issues) }
    if counts.sectors > 0 {
      sectorsPerRequest = line.sectorsPerRequest
      leastSectorsPerRequest = line.leastSectors
    }
    if counts.sharedCycles > 0 { passesPerRequest = line.passesPerRequest }
  }
}
