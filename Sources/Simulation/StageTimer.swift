import Foundation
import ISA
import Machine

/// Where the processor time of a run on one thread went, and what more threads would make of it.
public struct StageTimes: Sendable {
  /// Seconds of processor time.
  public var reading = 0.0
  public var sms = 0.0
  public var memory = 0.0
  /// Between windows: CTAs are placed, messages handed over.
  public var between = 0.0
  public var windows = 0

  public static let threadCounts = [2, 4, 8, 16, 32, 64]
  /// Seconds that each number of threads would need for the windows' parts, handed out in order to
  /// whoever is free; what synchronising them costs is not in it.
  public var windowSeconds = Array(repeating: 0.0, count: threadCounts.count)

  public var total: Double { reading + sms + memory + between }

  /// How many times faster each number of threads would be.
  public var speedups: [(threads: Int, factor: Double)] {
    zip(Self.threadCounts, windowSeconds).map { ($0, total / ($1 + reading + between)) }
  }
}

/// Runs all parts on the calling thread and measures each.
final class StageTimer: WindowRunner {
  private(set) var times = StageTimes()
  /// Processor time when the last window ended, or when the run began.
  private var mark = StageTimer.now()
  private var parts: [Double] = []
  private var readingSinceMark = 0.0

  func run(parts count: Int, _ body: (Int) -> Void) {
    var last = Self.now()
    times.between += last - mark - readingSinceMark
    readingSinceMark = 0
    parts.removeAll(keepingCapacity: true)
    for part in 0..<count {
      body(part)
      let now = Self.now()
      parts.append(now - last)
      last = now
    }
    times.memory += parts[0]
    times.sms += parts.dropFirst().reduce(0, +)
    times.windows += 1
    for (index, threads) in StageTimes.threadCounts.enumerated() {
      times.windowSeconds[index] += span(threads)
    }
    mark = Self.now()
  }

  func read<Value>(_ body: () throws -> Value) rethrows -> Value {
    let begin = Self.now()
    defer {
      let seconds = Self.now() - begin
      times.reading += seconds
      readingSinceMark += seconds
    }
    return try body()
  }

  /// The window's length on so many threads.
  private func span(_ threads: Int) -> Double {
    var free = Array(repeating: 0.0, count: min(threads, parts.count))
    for part in parts {
      let first = free.indices.min { free[$0] < free[$1] } ?? 0
      free[first] += part
    }
    return free.max() ?? 0
  }

  /// Processor time of this thread: other programs do not disturb it.
  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

/// A program whose reading is measured.
final class TimedProgram: TraceProgram {
  private let program: any TraceProgram
  private let timer: StageTimer

  init(_ program: any TraceProgram, _ timer: StageTimer) {
    self.program = program
    self.timer = timer
  }

  var commands: [ProgramCommand] { program.commands }
  var warnings: [String] { program.warnings }
  func launch(_ kernel: Int) -> KernelLaunch { program.launch(kernel) }
  func code(_ kernel: Int) -> [StaticInstruction] { program.code(kernel) }
  func ctaCount(_ kernel: Int) -> Int { program.ctaCount(kernel) }
  func cta(_ kernel: Int, _ index: Int) throws -> CTATrace {
    try timer.read { try program.cta(kernel, index) }
  }
}
