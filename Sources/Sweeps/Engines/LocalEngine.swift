import CGuestProcess
import Foundation
import Synchronization

/// Runs points in child processes of one thread each, some at a time: a point that crashes or is
/// killed for its memory takes no other with it.
public struct LocalEngine: Sendable {
  /// Exit status of a child that could not write to the store; running it again may go well.
  public static let retryStatus: Int32 = 75

  /// How far a sweep is.
  public struct Progress: Sendable {
    public var done: Int
    public var total: Int
    public var failed: Int
    /// Of the rest, at the pace so far; nil before the first point has ended.
    public var secondsLeft: Double?
    /// The point that ended last.
    public var last: String
  }

  private let store: ResultStore
  private let jobs: Int
  private let progress: @Sendable (Progress) -> Void

  public init(
    _ store: ResultStore, jobs: Int, progress: @escaping @Sendable (Progress) -> Void
  ) {
    self.store = store
    self.jobs = jobs
    self.progress = progress
  }

  private struct State {
    var next = 0
    var done = 0
    var failed = 0
    /// Why no further point is begun.
    var halt: String?
  }

  /// Runs the points, each at most once. Throws `StoreError` where the store cannot be written.
  func run(_ points: [SweepPoint]) throws {
    let begin = Date()
    let state = Mutex(State())
    let ended = DispatchGroup()
    for _ in 0..<min(jobs, points.count) {
      ended.enter()
      // Children die with the thread that starts them: it lives until they have ended.
      let thread = Thread {
        while let index = take(state, points.count) {
          work(on: points[index], state, total: points.count, begin)
        }
        ended.leave()
      }
      thread.start()
    }
    ended.wait()
    if let halt = state.withLock({ $0.halt }) { throw StoreError(.system, halt) }
  }

  /// Runs those of the numbered points that have no result, and counts the failed ones.
  public func run(_ list: PointList, numbers: Set<Int>) throws -> Int {
    let pending = store.pending(list).filter { numbers.contains($0.point) }
    try run(pending)
    return pending.count { if case .done = store.outcome(of: $0) { false } else { true } }
  }

  private func take(_ state: borrowing Mutex<State>, _ count: Int) -> Int? {
    state.withLock {
      guard $0.halt == nil, $0.next < count else { return nil }
      $0.next += 1
      return $0.next - 1
    }
  }

  private func work(
    on point: SweepPoint, _ state: borrowing Mutex<State>, total: Int, _ begin: Date
  ) {
    let end = child(point)
    do {
      // A child that ended well or said why not has recorded it.
      if case .unexplained(let how) = end { try store.write(failure: how, of: point) }
    } catch {
      return state.withLock { $0.halt = $0.halt ?? "\(error)" }
    }
    let current = state.withLock { state -> Progress in
      switch end {
      case .done: break
      case .failed, .unexplained: state.failed += 1
      case .halted(let why):
        state.halt = state.halt ?? why
      }
      state.done += 1
      let seconds = Date().timeIntervalSince(begin) / Double(state.done)
      return Progress(
        done: state.done, total: total, failed: state.failed,
        secondsLeft: seconds * Double(total - state.done), last: point.summary)
    }
    progress(current)
  }

  /// How a child ended.
  private enum End {
    case done
    /// Recorded by the child.
    case failed
    case unexplained(String)
    /// The store could not be written.
    case halted(String)
  }

  private func child(_ point: SweepPoint) -> End {
    func list(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
      texts.map { strdup($0) } + [nil]
    }
    var arguments = list([
      "needletail", "sweep-point", store.path, String(point.point), "--quiet",
    ])
    var variables = list(ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" })
    defer { for text in arguments + variables { free(text) } }
    var process: pid_t = 0
    store.removeFailure(of: point)
    let error = needletail_spawn(SimulatorIdentity.executable, &arguments, &variables, &process)
    guard error == 0 else {
      return .halted("the simulator cannot be started (\(String(cString: strerror(error))))")
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    let signal = status & 0x7f
    guard signal == 0 else {
      return .unexplained(
        "the simulation was ended by signal \(signal) "
          + "(\(strsignal(signal).map { String(cString: $0) } ?? "unknown"))")
    }
    switch status >> 8 & 0xff {
    case 0: return .done
    case Self.retryStatus:
      return .halted(
        "\(store.path): a result could not be written (is the disk full?); all results so far are "
          + "kept: free space and run again with --resume")
    default:
      if case .failed = store.outcome(of: point) { return .failed }
      return .unexplained("the simulation ended with status \(status >> 8 & 0xff)")
    }
  }
}
