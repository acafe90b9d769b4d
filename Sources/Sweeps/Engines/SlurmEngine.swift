import Foundation
import Simulation

/// Runs points as a job array of a Slurm cluster whose nodes see the store.
///
/// What has become of a point is known by its result's file; the queue is asked only whether
/// anything is still to come.
public struct SlurmEngine: Sendable {
  /// Seconds of work that a task is given where it is known how long points take.
  private static let taskSeconds = 300.0
  /// Points of a task and core where it is not.
  private static let blindPoints = 25

  private let store: ResultStore
  private let options: SlurmOptions
  private let progress: @Sendable (LocalEngine.Progress) -> Void

  public init(
    _ store: ResultStore, options: SlurmOptions,
    progress: @escaping @Sendable (LocalEngine.Progress) -> Void
  ) {
    self.store = store
    self.options = options
    self.progress = progress
  }

  /// Tells this store's jobs from others.
  private var jobName: String {
    let path = URL(fileURLWithPath: store.path).resolvingSymlinksInPath().path
    return "needletail-" + SHA256.hexadecimal(of: Array(path.utf8)).prefix(12)
  }

  // MARK: The batch script

  /// What would be submitted for the points. `secondsPerPoint`: where it is known.
  func script(_ points: [SweepPoint], secondsPerPoint: Double?) throws -> (
    script: BatchScript, chunks: [NumberRanges]
  ) {
    let size = chunkSize(points.count, secondsPerPoint)
    let chunks = stride(from: 0, to: points.count, by: size).map {
      NumberRanges(points[$0..<min($0 + size, points.count)].map(\.point))
    }
    let folder = store.clusterFolder
    let script = BatchScript(
      jobName: jobName, tasks: chunks.count, options: options, outputFolder: folder,
      executable: try executable(), store: store.path, chunks: "\(folder)/chunks")
    return (script, chunks)
  }

  private func chunkSize(_ count: Int, _ secondsPerPoint: Double?) -> Int {
    let cores = Double(options.cpusPerTask)
    let wanted =
      options.pointsPerTask
      ?? secondsPerPoint.map { Int(max(1, min(1e6, Self.taskSeconds * cores / max($0, 1e-3)))) }
      ?? Self.blindPoints * options.cpusPerTask
    return max(wanted, (count + BatchScript.mostTasks - 1) / BatchScript.mostTasks)
  }

  /// The executable by a name that other machines know.
  private func executable() throws -> String {
    let path = try? FileManager.default.destinationOfSymbolicLink(
      atPath: SimulatorIdentity.executable)
    guard let path, FileManager.default.isExecutableFile(atPath: path) else {
      throw SlurmError("the simulator's file was replaced while it ran; start the sweep again")
    }
    return path
  }

  // MARK: Running

  /// Submits the points, unless a job of this store is still there, and waits for their results.
  func run(_ points: [SweepPoint], secondsPerPoint: Double?) throws {
    if try !isQueued() { try submit(points, secondsPerPoint) }
    let begin = Date()
    var waiting = points
    var askedAt = Date()
    var pause = 0.25
    while true {
      waiting.removeAll { store.hasEnded($0) }
      report(points, left: waiting.count, begin)
      if waiting.isEmpty { return }
      if Date().timeIntervalSince(askedAt) > 5 {
        askedAt = Date()
        // What was written last may be seen a little later on a network file system.
        if try !isQueued() {
          Thread.sleep(forTimeInterval: 2)
          return
        }
      }
      Thread.sleep(forTimeInterval: pause)
      pause = min(pause * 1.2, 5)
    }
  }

  private func report(_ points: [SweepPoint], left: Int, _ begin: Date) {
    let done = points.count - left
    let seconds = Date().timeIntervalSince(begin)
    progress(
      LocalEngine.Progress(
        done: done, total: points.count, failed: 0,
        secondsLeft: done > 0 ? seconds / Double(done) * Double(left) : nil, last: "job \(jobName)"
      ))
  }

  private func submit(_ points: [SweepPoint], _ secondsPerPoint: Double?) throws {
    let (script, chunks) = try script(points, secondsPerPoint: secondsPerPoint)
    for point in points { store.removeFailure(of: point) }
    try store.create(folder: store.clusterFolder)
    let lines = chunks.map { "\($0)\n" }.joined()
    try WholeFile.write(Data(lines.utf8), to: script.chunks)
    let file = "\(store.clusterFolder)/batch.sh"
    try WholeFile.write(Data(script.text.utf8), to: file)
    _ = try call("sbatch", ["--parsable", file])
  }

  /// Whether a job of this store runs or waits.
  func isQueued() throws -> Bool {
    let output = try call(
      "squeue", ["--noheader", "--user=\(getuid())", "--name=\(jobName)", "--format=%A"])
    return output.contains { !$0.isWhitespace }
  }

  /// Standard output of one of Slurm's programs.
  private func call(_ program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardInput = FileHandle.nullDevice
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    do { try process.run() } catch { throw SlurmError("\(program) cannot be started: \(error)") }
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let first = String(decoding: complaint, as: UTF8.self).split(separator: "\n").first ?? ""
      throw SlurmError(
        process.terminationStatus == 127
          ? "\(program) is not here: --engine slurm is for the login node of a Slurm cluster"
          : "\(program) failed: \(first)")
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// A cluster that does not do what it is asked.
public struct SlurmError: Error, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}
