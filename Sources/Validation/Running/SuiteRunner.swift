import Configuration
import Foundation
import Simulation
import Synchronization

/// Simulates the rows of suites: each simulation on one thread, several of them at a time. Results
/// do not depend on how many.
public struct SuiteRunner: Sendable {
  /// Opens a trace or a listing.
  public typealias Loader = @Sendable (String) throws -> any TraceProgram
  /// Simulations done, simulations in all, the trace that ended last.
  public typealias Progress = @Sendable (Int, Int, String) -> Void

  public var jobs: Int
  private let load: Loader
  private let progress: Progress

  public init(
    jobs: Int, progress: @escaping Progress = { _, _, _ in }, load: @escaping Loader
  ) {
    self.jobs = max(1, jobs)
    self.progress = progress
    self.load = load
  }

  /// Runs everything and computes every figure. A simulation that fails marks its rows.
  public func run(_ suites: [Suite]) -> ValidationOutcome {
    let begin = Date()
    let plan = RunPlan(suites)
    let found = Mutex<[RunPlan.Place: Result]>([:])
    let next = Atomic<Int>(0)
    let done = Mutex(0)
    let times = Mutex<[RunTime]>([])
    let ended = DispatchGroup()
    for _ in 0..<min(jobs, max(1, plan.runs.count)) {
      ended.enter()
      let thread = Thread {
        while true {
          let index = next.add(1, ordering: .relaxed).oldValue
          guard index < plan.runs.count else { break }
          let run = plan.runs[index]
          let start = Date()
          let results = simulate(run, suites)
          let time = RunTime(
            trace: URL(fileURLWithPath: run.key.trace).lastPathComponent, gpu: run.key.gpu,
            seconds: Date().timeIntervalSince(start))
          times.withLock { $0.append(time) }
          found.withLock { $0.merge(results) { first, _ in first } }
          done.withLock {
            $0 += 1
            progress($0, plan.runs.count, "\(time.trace) on \(time.gpu)")
          }
        }
        ended.leave()
      }
      thread.stackSize = 16 << 20
      thread.start()
    }
    ended.wait()
    let results = found.withLock { $0 }
    return ValidationOutcome(
      suites: suites.enumerated().map { suite, content in
        SuiteOutcome(
          suite: content,
          rows: content.rows.enumerated().map { row, bound in
            outcome(bound, results[RunPlan.Place(suite: suite, row: row)])
          })
      }, times: times.withLock { $0 }.sorted { $0.seconds > $1.seconds },
      seconds: Date().timeIntervalSince(begin))
  }

  /// A row's figure, or why there is none.
  private struct Result: Sendable {
    var simulated: Double?
    var diagnosis: Diagnosis?
    var failure: String?
  }

  private func simulate(_ run: RunPlan.Run, _ suites: [Suite]) -> [RunPlan.Place: Result] {
    var results: [RunPlan.Place: Result] = [:]
    do {
      let machine = try MachineDescription.load(run.key.gpu, overrides: run.key.settings)
      var options = Simulator.Options()
      options.logsIssue = run.logsIssue
      let simulator = Simulator(machine: machine, options: options)
      let result = try simulator.run(load(run.key.trace), name: run.key.trace)
      let view = RunView(result, spec: machine.spec)
      for place in run.places {
        results[place] = figure(of: suites[place.suite].rows[place.row], view)
      }
    } catch {
      for place in run.places { results[place] = Result(failure: "\(error)") }
    }
    return results
  }

  private func figure(of row: SuiteRow, _ view: RunView) -> Result {
    guard let figure = row.figure else { return Result() }
    do throws(FigureError) {
      let kernel = try view.kernel(row.kernel)
      return Result(
        simulated: try figure.value(of: view, kernel: row.kernel), diagnosis: Diagnosis(kernel))
    } catch {
      return Result(failure: error.description)
    }
  }

  private func outcome(_ row: SuiteRow, _ result: Result?) -> RowOutcome {
    let status: RowOutcome.Status =
      if let reason = row.unusable {
        .unusable(reason)
      } else if let failure = result?.failure {
        .failed(failure)
      } else {
        result?.simulated == nil ? .failed("was not simulated") : .ok
      }
    return RowOutcome(
      row: row, status: status, simulated: result?.simulated, diagnosis: result?.diagnosis)
  }
}
