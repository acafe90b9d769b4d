import ISA

/// Where the engine gets a kernel's CTAs from, one at a time, as they are placed.
public protocol CTASource: AnyObject {
  /// The dynamic streams of the CTA at `index` in launch order.
  func cta(_ index: Int) throws -> CTATrace
}

/// A kernel launch as the engine runs it.
public struct EngineKernel {
  /// Number of the launch in the trace.
  public var id: Int
  public var launch: KernelLaunch
  public var program: Program
  public var ctaCount: Int
  public var source: any CTASource
  /// Host-to-device copies that come before the launch: address and bytes.
  public var copies: [(address: UInt64, bytes: UInt64)]

  public init(
    id: Int, launch: KernelLaunch, program: Program, ctaCount: Int, source: any CTASource,
    copies: [(address: UInt64, bytes: UInt64)] = []
  ) {
    self.id = id
    self.launch = launch
    self.program = program
    self.ctaCount = ctaCount
    self.source = source
    self.copies = copies
  }
}

/// What came of one kernel.
public struct KernelOutcome: Sendable {
  public var id: Int
  /// Cycle in which the kernel became runnable, and in which its last CTA ended.
  public var start: Cycle
  public var end: Cycle
  public var completedCTAs: Int
  /// When so many CTAs had ended as the GPU holds of this kernel, twice as many, and so on.
  public var waveEnds: [Cycle]
  public var occupancy: Occupancy
  public var statistics: Statistics
  public var clockReads: [ClockRead]
  public var issueLog: [IssueLogEntry]
  /// Where profiles were asked for.
  public var counts: KernelCounts?
}

public enum EngineError: Error, CustomStringConvertible {
  /// A kernel's CTA does not fit on an SM.
  case doesNotFit(kernel: String, reason: String)
  /// The trace contradicts itself.
  case invalidTrace(kernel: String, cta: Int, reason: String)
  /// Nothing can happen any more, but warps are resident.
  case deadlock(cycle: Cycle, waiting: [String])

  public var description: String {
    switch self {
    case .doesNotFit(let kernel, let reason): "kernel \(kernel) does not fit on an SM: \(reason)"
    case .invalidTrace(let kernel, let cta, let reason): "kernel \(kernel), CTA \(cta): \(reason)"
    case .deadlock(let cycle, let waiting):
      "the simulation cannot go on at cycle \(cycle); waiting warps:\n  "
        + waiting.joined(separator: "\n  ")
    }
  }
}

/// Runs the parts of a window, possibly on several threads; returns when all are done.
public protocol WindowRunner: AnyObject {
  func run(parts: Int, _ body: (Int) -> Void)
}

/// Runs all parts on the calling thread.
public final class SerialRunner: WindowRunner {
  public init() {}
  public func run(parts: Int, _ body: (Int) -> Void) {
    for part in 0..<parts { body(part) }
  }
}
