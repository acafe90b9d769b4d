import Machine
import Traces
import ISA

/// Which of a kernel's CTAs are simulated: pairs of neighbouring waves, spread evenly over the grid,
/// and all CTAs behind the last whole wave. A wave is as many CTAs as the GPU holds at a time.
struct WaveSample {
  /// CTAs of a wave.
  let wave: Int
  /// CTAs of the whole grid.
  let total: Int
  /// CTAs to simulate, as ranges of launch order.
  let ranges: [Range<Int>]

  var count: Int { ranges.reduce(0) { $0 + $1.count } }
  /// CTAs left out.
  var omitted: Int { total - count }

  /// Nil when so little would be left out that the whole kernel is simulated instead.
  init?(total: Int, wave: Int, waves: Int) {
    let whole = wave > 0 ? total / wave : 0
    guard whole >= 2 * waves else { return nil }
    self.wave = wave
    self.total = total
    let pairs = waves / 2
    var ranges: [Range<Int>] = []
    for pair in 0..<pairs {
      // The first pair begins the grid, the last one ends it.
      let first = (whole - 2) * pair / (pairs - 1)
      let begin = max(first * wave, ranges.last?.upperBound ?? 0)
      ranges.append(begin..<(pair == pairs - 1 ? total : (first + 2) * wave))
    }
    self.ranges = ranges
  }

  /// A trace that holds only some of its grid's CTAs.
  init(total: Int, recorded: Int, wave: Int) {
    self.wave = wave
    self.total = total
    ranges = [0..<recorded]
  }

  /// The CTA at a position among the simulated ones.
  func cta(at position: Int) -> Int {
    var rest = position
    for range in ranges {
      if rest < range.count { return range.lowerBound + rest }
      rest -= range.count
    }
    return position
  }
}

/// What a sampled kernel's figures are worth.
public struct Sampling: Sendable {
  /// Simulated and existing CTAs; no CTA was simulated where the figures are another launch's.
  public var simulatedCTAs: Int
  public var ctas: Int
  /// Cycles lie between these with the confidence of `confidence`.
  public var lowCycles: Int64
  public var highCycles: Int64

  public static let confidence = 0.95
  /// What no variation between waves shows, as a share of what is extrapolated: caches and rows that
  /// the waves between would have left otherwise (Docs/sampling.md).
  static let orderAllowance = 0.02

  /// Half the interval's width, as a share of `cycles`.
  public func relativeHalfWidth(of cycles: Int64) -> Double {
    cycles > 0 ? Double(highCycles - lowCycles) / 2 / Double(cycles) : 0
  }
}

/// A mean with its standard error's multiple at `Sampling.confidence`.
struct MeanInterval {
  let mean: Double
  let halfWidth: Double

  /// Nil for fewer than two values.
  init?(_ values: [Double]) {
    guard values.count >= 2 else { return nil }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    self.mean = mean
    halfWidth = Self.quantile(values.count - 1) * (variance / count).squareRoot()
  }

  /// 97.5 % quantile of Student's distribution, rounded up between the rows of the table.
  private static func quantile(_ degrees: Int) -> Double {
    let table = [
      12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
      2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    ]
    return table[min(degrees, table.count) - 1]
  }
}

/// A program of which only the chosen CTAs of some kernels are there.
final class SampledProgram: TraceProgram {
  private let program: any TraceProgram
  private let samples: [Int: WaveSample]

  init(_ program: any TraceProgram, samples: [Int: WaveSample]) {
    self.program = program
    self.samples = samples
  }

  var commands: [ProgramCommand] { program.commands }
  var warnings: [String] { program.warnings }
  func launch(_ kernel: Int) -> KernelLaunch { program.launch(kernel) }
  func code(_ kernel: Int) -> [StaticInstruction] { program.code(kernel) }
  func ctaCount(_ kernel: Int) -> Int { samples[kernel]?.count ?? program.ctaCount(kernel) }
  func cta(_ kernel: Int, _ index: Int) throws -> CTATrace {
    try program.cta(kernel, samples[kernel]?.cta(at: index) ?? index)
  }
}
