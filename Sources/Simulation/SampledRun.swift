import Machine
import Traces

/// Estimates a whole program from chosen waves of large kernels and from some launches of kernels
/// that are launched over and over. Docs/sampling.md says what the intervals mean.
struct SampledRun {
  /// Launches simulated of each kernel; the rest are estimated from them.
  static let launches = 4

  let program: any TraceProgram
  let spec: GPUSpec
  let waves: Int
  private var samples: [Int: WaveSample] = [:]
  /// Launches that are not simulated, and those that stand for them, by number from 1.
  private var standIns: [Int: [Int]] = [:]
  /// Numbers of the launches to simulate.
  private(set) var simulated: Set<Int> = []
  private var kernelOf: [Int: Int] = [:]

  init(_ program: any TraceProgram, spec: GPUSpec, waves: Int, selected: Set<Int>?) {
    self.program = program
    self.spec = spec
    self.waves = waves
    var groups: [[Int]] = []
    var known: [LaunchShape: Int] = [:]
    var number = 0
    for case .kernel(let kernel) in program.commands {
      number += 1
      guard selected?.contains(number) ?? true else { continue }
      kernelOf[number] = kernel
      let shape = LaunchShape(program, kernel)
      if let group = known[shape] {
        groups[group].append(number)
      } else {
        known[shape] = groups.count
        groups.append([number])
      }
    }
    for group in groups { choose(group) }
    for number in simulated { chooseWaves(number) }
  }

  /// The first launch, which finds cold caches, and others spread evenly stand for the rest.
  private mutating func choose(_ group: [Int]) {
    guard group.count >= 2 * Self.launches else {
      simulated.formUnion(group)
      return
    }
    let chosen = (0..<Self.launches).map { group[(group.count - 1) * $0 / (Self.launches - 1)] }
    simulated.formUnion(chosen)
    for number in group where !chosen.contains(number) {
      standIns[number] = Array(chosen.dropFirst())
    }
  }

  private mutating func chooseWaves(_ number: Int) {
    guard let kernel = kernelOf[number] else { return }
    let launch = program.launch(kernel)
    let wave = Occupancy(launch, spec: spec.sm).ctasPerSM * spec.smCount
    let recorded = program.ctaCount(kernel)
    if recorded > 0, recorded < launch.grid.count {
      samples[kernel] = WaveSample(total: launch.grid.count, recorded: recorded, wave: wave)
    } else {
      samples[kernel] = WaveSample(total: recorded, wave: wave, waves: waves)
    }
  }

  /// The program that is simulated.
  var sampled: any TraceProgram { SampledProgram(program, samples: samples) }

  /// Completes the results of the simulated launches to those of all launches, in order.
  func estimate(_ results: [KernelResult]) throws -> [KernelResult] {
    var found: [Int: KernelResult] = [:]
    for result in results { found[result.id] = try extrapolated(result) }
    for (number, names) in standIns {
      let measured = names.compactMap { found[$0] }
      guard let kernel = kernelOf[number], var estimate = measured.first,
        let interval = MeanInterval(measured.map { Double($0.cycles) })
      else { continue }
      let inside = measured.map {
        Double($0.sampling.map { $0.highCycles - $0.lowCycles } ?? 0) / 2
      }
      // One launch more varies as the measured ones do, beside the uncertainty of their mean.
      let spread = interval.halfWidth * Double(measured.count + 1).squareRoot()
      let half = spread + (inside.max() ?? 0)
      estimate.id = number
      estimate.launch = program.launch(kernel)
      estimate.cycles = Int64(interval.mean.rounded())
      estimate.clockReads = []
      estimate.sampling = Sampling(
        simulatedCTAs: 0, ctas: estimate.ctas, lowCycles: Int64(max(0, interval.mean - half)),
        highCycles: Int64(interval.mean + half))
      found[number] = estimate
    }
    return found.keys.sorted().compactMap { found[$0] }
  }

  /// Waves that were left out take as long as the simulated ones between the first third, which
  /// fills caches, and the L2 with what it has to write back, and the last, which drains the GPU.
  private func extrapolated(_ result: KernelResult) throws -> KernelResult {
    guard let kernel = kernelOf[result.id], let sample = samples[kernel], sample.omitted > 0 else {
      return result
    }
    let ends = result.waveEnds.dropFirst(result.waveEnds.count / 3).dropLast()
    guard let interval = MeanInterval(zip(ends.dropFirst(), ends).map { Double($0 - $1) }) else {
      throw SimulationError.tooFewWaves(kernel: result.launch.name, waves: result.waveEnds.count)
    }
    let omitted = Double(sample.omitted) / Double(sample.wave)
    let more = omitted * interval.mean
    let half = omitted * interval.halfWidth + Sampling.orderAllowance * more
    let cycles = Double(result.cycles) + more
    var estimate = result
    estimate.cycles = Int64(cycles.rounded())
    estimate.ctas = sample.total
    estimate.statistics = result.statistics.scaled(
      by: Double(sample.total) / Double(max(1, sample.count)))
    estimate.sampling = Sampling(
      simulatedCTAs: sample.count, ctas: sample.total,
      lowCycles: Int64(max(Double(result.cycles), cycles - half)), highCycles: Int64(cycles + half))
    return estimate
  }
}

/// Launches that do the same work, as far as a trace says.
private struct LaunchShape: Hashable {
  let name: String
  let grid: [UInt32]
  let block: [UInt32]
  let shared: Int
  let ctas: Int
  let stream: UInt64

  init(_ program: any TraceProgram, _ kernel: Int) {
    let launch = program.launch(kernel)
    name = launch.name
    grid = [launch.grid.x, launch.grid.y, launch.grid.z]
    block = [launch.block.x, launch.block.y, launch.block.z]
    shared = launch.staticShared + launch.dynamicShared
    ctas = program.ctaCount(kernel)
    stream = launch.stream
  }
}
