import Foundation
import Machine
import Synchronization

/// Runs the parts of a window on a fixed set of threads: the caller and `threads - 1` helpers that
/// spin a little and then yield. Parts are handed out one by one, so an uneven load evens out;
/// results do not depend on who runs what.
final class ThreadedRunner: WindowRunner, @unchecked Sendable {
  private let helpers: Int
  private let generation = Atomic<Int>(0)
  private let nextPart = Atomic<Int>(0)
  private let finished = Atomic<Int>(0)
  private let stop = Atomic<Bool>(false)
  private nonisolated(unsafe) var parts = 0
  private nonisolated(unsafe) var body: ((Int) -> Void)?
  private let ended = DispatchGroup()

  init(threads: Int) {
    helpers = max(0, threads - 1)
    for _ in 0..<helpers {
      ended.enter()
      let thread = Thread { [self] in
        work()
        ended.leave()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  /// Ends the helper threads; the runner must not be used afterwards.
  func shutDown() {
    stop.store(true, ordering: .releasing)
    ended.wait()
  }

  func run(parts: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      self.parts = parts
      self.body = body
      nextPart.store(0, ordering: .relaxed)
      finished.store(0, ordering: .relaxed)
      generation.add(1, ordering: .acquiringAndReleasing)
      takeParts()
      var spins = 0
      while finished.load(ordering: .acquiring) < helpers { Self.pause(&spins) }
      self.body = nil
    }
  }

  private func takeParts() {
    while true {
      let part = nextPart.add(1, ordering: .relaxed).oldValue
      if part >= parts { return }
      body?(part)
    }
  }

  private func work() {
    var seen = 0
    var spins = 0
    while !stop.load(ordering: .acquiring) {
      let current = generation.load(ordering: .acquiring)
      if current == seen {
        Self.pause(&spins)
        continue
      }
      seen = current
      spins = 0
      takeParts()
      finished.add(1, ordering: .acquiringAndReleasing)
    }
  }

  private static func pause(_ spins: inout Int) {
    spins += 1
    if spins > 1000 { sched_yield() }
  }
}
