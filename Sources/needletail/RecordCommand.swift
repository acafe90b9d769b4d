import ArgumentParser
import Configuration
import Foundation
import Machine
import Simulation

/// `needletail trace record`: runs a CUDA program on the emulator and keeps what it did.
struct RecordCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Run an unmodified CUDA program with no GPU and record its trace.",
    discussion: """
      The program must use the shared CUDA runtime (nvcc -cudart shared). Its kernels execute on \
      the CPU; what the host part prints and computes is real.
      """)

  @Option(help: "Architecture whose code is executed, like sm_86.") var arch = "sm_86"
  @Option(help: "The GPU that device queries describe: a name or a file.") var gpu = "rtx-a6000"
  @Option(name: .shortAndLong, help: ArgumentHelp("The trace to write.", valueName: "trace"))
  var output: String?
  @Option(help: "Record only kernels whose names contain this text.") var kernels: String?
  @Option(help: ArgumentHelp("Record only these launches, like 3-5.", valueName: "range"))
  var launches: String?
  @Option(help: "Record only the first CTAs of each launch; all execute.") var ctas: Int?
  @Option(help: "Host threads that execute CTAs; results of atomics may then vary.")
  var threads = 1
  @Option(help: "Warp instructions after which a CTA counts as an endless loop.")
  var limit: Int?
  @Flag(help: "Execute only; write no trace.") var noTrace = false
  @Flag(help: "No progress and no summary.") var quiet = false
  @Argument(parsing: .captureForPassthrough, help: "The program and its arguments.")
  var program: [String]

  func run() throws {
    var command = program
    if command.first == "--" { command.removeFirst() }
    guard let name = command.first else { throw ValidationError("a program is missing") }
    let number = Int(arch.hasPrefix("sm_") ? String(arch.dropFirst(3)) : arch)
    guard let number, [75, 80, 86, 87, 89, 90, 120].contains(number) else {
      throw ValidationError("--arch takes sm_75, 80, 86, 87, 89, 90 or 120, not '\(arch)'")
    }
    guard threads >= 1, ctas ?? 1 >= 0, limit ?? 1 >= 1 else {
      throw ValidationError("--threads, --ctas and --limit take positive numbers")
    }
    if let launches,
      launches.split(separator: "-").contains(where: { Int($0) == nil }) || launches.isEmpty
    {
      throw ValidationError("--launches takes a range like 3-5, not '\(launches)'")
    }
    let machine = try MachineDescription.load(gpu)
    let executable = try find(name)
    let trace = noTrace ? nil : output ?? URL(fileURLWithPath: name).lastPathComponent + ".ntrace"

    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "needletail-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let library = try GuestLibrary.locate()
    for version in ["libcudart.so.12", "libcudart.so.13"] {
      try FileManager.default.createSymbolicLink(
        at: folder.appendingPathComponent(version), withDestinationURL: library)
    }
    let status = folder.appendingPathComponent("status")
    try Data().write(to: status)

    var environment = ProcessInfo.processInfo.environment
    environment["LD_LIBRARY_PATH"] =
      [folder.path, environment["LD_LIBRARY_PATH"]].compactMap { $0 }.joined(separator: ":")
    let settings: [String: String?] = [
      "ARCH": String(number), "STATUS": status.path, "DEVICE": describe(machine),
      "THREADS": String(threads), "KERNELS": kernels, "LAUNCHES": launches,
      "CTAS": ctas.map(String.init), "LIMIT": limit.map(String.init),
      "TRACE": trace.map { URL(fileURLWithPath: $0).path },
    ]
    for (key, value) in settings { environment["NEEDLETAIL_" + key] = value ?? "" }

    let process = Process()
    process.executableURL = executable
    process.arguments = Array(command.dropFirst())
    process.environment = environment
    let start = Date()
    try process.run()
    var watcher = GuestStatus(status)
    let shows = !quiet && isatty(STDERR_FILENO) == 1
    while process.isRunning {
      Thread.sleep(forTimeInterval: 0.05)
      watcher.read()
      if shows, let line = watcher.progress { ExitStatus.write("\r\u{1b}[K\(line)") }
    }
    process.waitUntilExit()
    if shows { ExitStatus.write("\r\u{1b}[K") }
    watcher.read()
    try judge(process, watcher, trace: trace, program: name)
    if !quiet { try summarise(watcher, trace, seconds: Date().timeIntervalSince(start)) }
  }

  /// What became of the program; a trace that is not whole is removed.
  private func judge(
    _ process: Process, _ status: GuestStatus, trace: String?, program: String
  ) throws {
    func discard() {
      guard let trace else { return }
      try? FileManager.default.removeItem(atPath: trace + ".partial")
    }
    if let (code, message) = status.failure {
      discard()
      throw GuestError(message, status: code)
    }
    if process.terminationReason == .uncaughtSignal {
      discard()
      throw GuestError("\(program) was ended by signal \(process.terminationStatus)", status: 1)
    }
    guard status.hasStarted else {
      discard()
      let reason =
        process.terminationStatus == 0
        ? "uses no shared CUDA runtime; link it with nvcc -cudart shared"
        : "did not start (status \(process.terminationStatus)); is it linked with -cudart shared?"
      throw GuestError("\(program) \(reason)", status: 65)
    }
    if process.terminationStatus != 0 {
      discard()
      if let trace { try? FileManager.default.removeItem(atPath: trace) }
      throw GuestError("\(program) ended with status \(process.terminationStatus)", status: 1)
    }
    guard status.isDone || trace == nil else {
      discard()
      throw GuestError("\(program) ended without closing its trace", status: 1)
    }
  }

  private func summarise(_ status: GuestStatus, _ trace: String?, seconds: Double) throws {
    var line = "\(status.launches) launches in \(String(format: "%.2f", seconds)) s"
    if let trace {
      let attributes = try FileManager.default.attributesOfItem(atPath: trace)
      let bytes = (attributes[.size] as? Int) ?? 0
      line += ", \(bytes.formatted()) bytes in \(trace)"
    }
    ExitStatus.write(line + "\n")
  }

  private func find(_ name: String) throws -> URL {
    let manager = FileManager.default
    let candidates =
      name.contains("/")
      ? [name]
      : (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map {
        "\($0)/\(name)"
      } + [name]
    guard let path = candidates.first(where: manager.isExecutableFile(atPath:)) else {
      throw InputError("\(name): no such program")
    }
    return URL(fileURLWithPath: path)
  }

  private func describe(_ machine: MachineDescription) -> String {
    let spec = machine.spec
    let values: [(String, Any)] = [
      ("name", spec.name), ("smCount", spec.smCount),
      ("clock", Int(spec.clocks.core.value * 1000)),
      ("memoryClock", Int(spec.clocks.memory.value * 1000)),
    ]
    return values.map { "\($0.0)=\($0.1)" }.joined(separator: ";")
  }
}

/// A failure in the program that is being recorded.
struct GuestError: Error, CustomStringConvertible {
  let description: String
  let status: Int32

  init(_ description: String, status: Int32) {
    self.description = description
    self.status = status
  }
}

/// Where the stand-in runtime library is: beside the program, or where a build left it.
enum GuestLibrary {
  static func locate() throws -> URL {
    let name = "libNeedletailCUDA.so"
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    let folders = [own, own.deletingLastPathComponent().appendingPathComponent("lib")]
    for folder in folders {
      let candidate = folder.appendingPathComponent(name)
      if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
    }
    throw InputError("\(name) is not beside needletail; build it with swift build")
  }
}

/// What the stand-in runtime says through the status file.
struct GuestStatus {
  private let file: URL
  private(set) var hasStarted = false
  private(set) var isDone = false
  private(set) var launches = 0
  private(set) var failure: (Int32, String)?
  private(set) var progress: String?

  init(_ file: URL) { self.file = file }

  mutating func read() {
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return }
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      switch words.first {
      case "start": hasStarted = true
      case "done" where words.count > 1:
        isDone = true
        launches = Int(words[1]) ?? 0
      case "launch" where words.count > 3:
        launches = Int(words[1]) ?? 0
        progress = "launch \(words[1]): \(words[3])"
      case "error" where words.count > 2:
        failure = (Int32(words[1]) ?? 1, words.dropFirst(2).joined(separator: " "))
      default: break
      }
    }
  }
}
