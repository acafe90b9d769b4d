import Foundation
import ISA

/// Executes all CTAs of a launch.
public final class GridExecution {
  /// Where generic addresses of shared and of local memory begin.
  public static let sharedWindow = LaunchContext.sharedWindow
  public static let localWindow = LaunchContext.localWindow

  private let context: LaunchContext
  /// Warp instructions executed so far.
  public private(set) var warpInstructions = 0

  /// Prepares a launch; `kernel` is its decoded image.
  public init(
    _ launch: GridLaunch, kernel: ExecutableKernel, memory: DeviceMemory,
    options: ExecutionOptions = ExecutionOptions(), builtins: any DeviceBuiltins
  ) {
    context = LaunchContext(
      launch, kernel: kernel, memory: memory, options: options, builtins: builtins)
  }

  /// Runs to the end. Recorded CTAs reach the recorder in order. Throws `EmulationFault`.
  public func run(recorder: (any LaunchRecorder)? = nil) throws {
    let count = context.launch.grid.count
    if context.launch.cooperative {
      try together(0..<count, recorder: recorder)
    } else if context.launch.cluster.count > 1 {
      for members in clusters() { try together(members, recorder: recorder) }
    } else if context.isParallel {
      try inParallel(count, recorder: recorder)
    } else {
      for index in 0..<count {
        let cta = CTA(context, index: index, records: recorder?.wants(cta: index) ?? false)
        try cta.run()
        try finish(cta, recorder)
      }
    }
  }

  private func finish(_ cta: CTA, _ recorder: (any LaunchRecorder)?) throws {
    warpInstructions += cta.executed
    if let recorder, recorder.wants(cta: cta.index) { try recorder.record(cta.trace()) }
  }

  /// The CTAs of each cluster by rank.
  private func clusters() -> [[Int]] {
    let (grid, sides) = (context.launch.grid, context.launch.cluster)
    func corners(_ size: UInt32, _ side: UInt32) -> StrideTo<UInt32> {
      stride(from: 0, to: size, by: Int(side))
    }
    var result: [[Int]] = []
    for z in corners(grid.z, sides.z) {
      for y in corners(grid.y, sides.y) {
        for x in corners(grid.x, sides.x) {
          var members: [Int] = []
          for cz in z..<min(grid.z, z + sides.z) {
            for cy in y..<min(grid.y, y + sides.y) {
              for cx in x..<min(grid.x, x + sides.x) {
                members.append(Int(cx) + Int(grid.x) * (Int(cy) + Int(grid.y) * Int(cz)))
              }
            }
          }
          result.append(members)
        }
      }
    }
    return result
  }

  /// CTAs that may wait for each other take turns.
  private func together(_ range: some Sequence<Int>, recorder: (any LaunchRecorder)?) throws {
    let ctas = range.map { CTA(context, index: $0, records: recorder?.wants(cta: $0) ?? false) }
    if context.launch.cluster.count > 1 {
      for cta in ctas { cta.cluster = ctas }
    }
    defer { for cta in ctas { cta.cluster = [] } }
    while let stuck = ctas.first(where: { !$0.isFinished }) {
      var progressed = false
      for cta in ctas where !cta.isFinished { if try cta.turn() { progressed = true } }
      guard progressed else { throw stuck.deadlock() }
    }
    for cta in ctas { try finish(cta, recorder) }
  }

  /// Host threads take CTAs in turn; recordings are handed on in order, batch by batch.
  private func inParallel(_ count: Int, recorder: (any LaunchRecorder)?) throws {
    let threads = context.options.threads
    let batch = threads * 8
    for first in stride(from: 0, to: count, by: batch) {
      let size = min(batch, count - first)
      let results = ParallelResults(count: size)
      nonisolated(unsafe) let context = context
      nonisolated(unsafe) let recorder = recorder
      DispatchQueue.concurrentPerform(iterations: size) { offset in
        let index = first + offset
        do {
          let cta = CTA(context, index: index, records: recorder?.wants(cta: index) ?? false)
          try cta.run()
          results.set(offset, .success(cta))
        } catch {
          results.set(offset, .failure(error))
        }
      }
      for offset in 0..<size { try finish(results.take(offset), recorder) }
    }
  }
}

/// Results of CTAs that ran at the same time, one slot each.
private final class ParallelResults: @unchecked Sendable {
  private let lock = NSLock()
  private var slots: [Result<CTA, any Error>?]

  init(count: Int) { slots = Array(repeating: nil, count: count) }

  func set(_ index: Int, _ result: Result<CTA, any Error>) {
    lock.withLock { slots[index] = result }
  }

  func take(_ index: Int) throws -> CTA {
    let result = lock.withLock {
      let result = slots[index]
      slots[index] = nil
      return result
    }
    guard let result else { throw EmulationFault(.code, "a CTA did not run") }
    return try result.get()
  }
}
