import ArgumentParser
import Configuration
import Foundation
import Machine

/// A CUDA program about to run under the stand-in runtime library.
struct Guest {
  let name: String
  /// The trace to write; nil: none.
  var trace: String?
  /// Passed to the library in the environment, as `NEEDLETAIL_…`.
  var settings: [String: String] = [:]
  private let executable: URL
  private let arguments: [String]
  private let isQuiet: Bool

  /// Architectures that the emulator executes.
  private static let architectures = [75, 80, 86, 87, 89, 90, 120]

  init(_ options: GuestOptions, command: [String]) throws {
    guard let path = command.first else { throw ValidationError("a program is missing") }
    let machine = try MachineDescription.load(options.gpu)
    let number = try Self.architecture(options.arch) ?? machine.spec.architecture
    executable = try Self.find(path)
    arguments = Array(command.dropFirst())
    name = URL(fileURLWithPath: path).lastPathComponent
    isQuiet = options.quiet
    settings["ARCH"] = String(number)
    settings["THREADS"] = String(options.threads)
    settings["LIMIT"] = options.limit.map(String.init)
    settings["DEVICE"] = Self.describe(machine.spec)
  }

  /// `sm_86`, `86` or `sm_90a`: what is specific to one architecture runs on it.
  private static func architecture(_ text: String?) throws -> Int? {
    guard let text else { return nil }
    var digits = text.hasPrefix("sm_") ? text.dropFirst(3) : text[...]
    if let last = digits.last, "af".contains(last) { digits.removeLast() }
    guard let number = Int(digits), architectures.contains(number) else {
      let known = architectures.map { "\($0)" }.joined(separator: ", ")
      throw ValidationError("--arch takes sm_ and one of \(known), not '\(text)'")
    }
    return number
  }

  private static func find(_ name: String) throws -> URL {
    let manager = FileManager.default
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let candidates =
      name.contains("/") ? [name] : path.split(separator: ":").map { "\($0)/\(name)" } + [name]
    if let found = candidates.first(where: manager.isExecutableFile(atPath:)) {
      var isFolder: ObjCBool = false
      _ = manager.fileExists(atPath: found, isDirectory: &isFolder)
      guard !isFolder.boolValue else { throw InputError("\(name): a folder, not a program") }
      try GuestFile.check(found)
      return URL(fileURLWithPath: found)
    }
    let exists = candidates.contains(where: manager.fileExists(atPath:))
    throw InputError(exists ? "\(name): not an executable file" : "\(name): no such program")
  }

  /// What device queries answer.
  private static func describe(_ spec: GPUSpec) -> String {
    let carveOut = spec.sm.sharedMemory.carveOuts.map(\.count).max() ?? 0
    let values: [(String, Any)] = [
      ("name", spec.name.replacingOccurrences(of: ";", with: ",")), ("smCount", spec.smCount),
      ("clock", Int(spec.clocks.core.value * 1000)),
      ("memoryClock", Int(spec.clocks.memory.value * 1000)),
      ("l2Bytes", spec.memory.l2.size.count), ("threadsPerSM", spec.sm.warps * 32),
      ("ctasPerSM", spec.sm.ctas), ("registersPerSM", spec.sm.registers),
      ("sharedPerSM", carveOut),
    ]
    return values.map { "\($0.0)=\($0.1)" }.joined(separator: ";")
  }

  // MARK: Running

  func run() throws {
    let library = try GuestLibrary.locate()
    let folder = try GuestFolder(library: library)
    defer { folder.remove() }
    let pipe = try GuestStatus(folder.status)
    let start = Date()
    var isWhole = false
    defer { if !isWhole { discardTrace() } }
    let end = try GuestProcess.run(
      executable.path, arguments: [executable.path] + arguments, environment: environment(folder),
      status: pipe, shows: !isQuiet && isatty(STDERR_FILENO) == 1)
    try judge(end, pipe)
    isWhole = true
    if !isQuiet { try summarise(pipe, seconds: Date().timeIntervalSince(start)) }
  }

  private func environment(_ folder: GuestFolder) -> [String: String] {
    var environment = ProcessInfo.processInfo.environment
    environment["LD_LIBRARY_PATH"] =
      [folder.path, environment["LD_LIBRARY_PATH"]].compactMap { $0 }.joined(separator: ":")
    for key in ["ARCH", "THREADS", "LIMIT", "DEVICE", "KERNELS", "LAUNCHES", "CTAS"] {
      environment["NEEDLETAIL_" + key] = settings[key] ?? ""
    }
    // A crash is the program's own: the library's language runtime has nothing to add.
    environment["SWIFT_BACKTRACE"] = "enable=no"
    environment["NEEDLETAIL_STATUS"] = folder.status
    environment["NEEDLETAIL_TRACE"] = trace.map { URL(fileURLWithPath: $0).path } ?? ""
    return environment
  }

  /// The library writes under another name, and gives the trace its own when it is whole.
  private func discardTrace() {
    guard let trace else { return }
    try? FileManager.default.removeItem(atPath: trace + ".partial")
  }

  /// What became of the program.
  private func judge(_ end: GuestProcess.End, _ status: GuestStatus) throws {
    func failure(_ message: String, _ code: Int32 = ExitStatus.failed) throws -> Never {
      // A program that fails after its trace was closed leaves none.
      if status.isDone, let trace { try? FileManager.default.removeItem(atPath: trace) }
      throw GuestError(message, status: code)
    }
    if let (code, message) = status.failure { try failure(message, code) }
    if let signal = end.interruption, end.reason != .status(0) || !status.isDone {
      if status.isDone, let trace { try? FileManager.default.removeItem(atPath: trace) }
      throw GuestInterruption(name: name, signal: signal, leavesTrace: trace != nil)
    }
    switch end.reason {
    case .signal(let number):
      try failure("\(name) was ended by signal \(number) (\(GuestProcess.text(of: number)))")
    case .status(127) where !status.hasStarted:
      // The loader's own status for a program that it cannot start.
      try failure(
        "\(name) could not be started; of CUDA's libraries only libcudart.so.12 and "
          + "libcudart.so.13 are here", ExitStatus.badData)
    case .status(let code) where !status.hasStarted:
      let what =
        GuestFile.holdsRuntime(executable.path)
        ? "\(name) has the CUDA runtime linked in statically"
        : "\(name) does not use the shared CUDA runtime"
      try failure(
        "\(what) (it ended with status \(code)); link it with nvcc -cudart shared",
        ExitStatus.badData)
    case .status(0): break
    case .status(let code): try failure("\(name) ended with status \(code)")
    }
    guard status.isDone else { try failure("\(name) ended without closing its trace") }
  }

  private func summarise(_ status: GuestStatus, seconds: Double) throws {
    var line =
      "\(status.launches.formatted()) launches, \(status.warpInstructions.formatted()) warp "
      + "instructions in \(String(format: "%.2f", seconds)) s"
    if let trace {
      let attributes = try? FileManager.default.attributesOfItem(atPath: trace)
      guard let bytes = attributes?[.size] as? Int else {
        throw OutputError("\(trace): was written, and has gone")
      }
      line += ", \(bytes.formatted()) bytes in \(trace)"
    }
    ExitStatus.write(line + "\n")
  }
}

/// A failure in the program that runs under the emulator.
struct GuestError: Error, CustomStringConvertible {
  let description: String
  let status: Int32

  init(_ description: String, status: Int32) {
    self.description = description
    self.status = status
  }
}

/// The user ended the run; the command ends as the signal says.
struct GuestInterruption: Error, CustomStringConvertible {
  let name: String
  let signal: Int32
  let leavesTrace: Bool

  var description: String {
    "\(name) was interrupted (\(GuestProcess.text(of: signal)))"
      + (leavesTrace ? "; no trace is written" : "")
  }
}
