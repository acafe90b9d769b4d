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
    var command = command
    if command.first == "--" { command.removeFirst() }
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
      try check(found)
      return URL(fileURLWithPath: found)
    }
    let exists = candidates.contains(where: manager.fileExists(atPath:))
    throw InputError(exists ? "\(name): not an executable file" : "\(name): no such program")
  }

  /// Refuses an ELF file that is cut: the system would end it by a signal, as if it had crashed.
  private static func check(_ path: String) throws {
    guard let handle = FileHandle(forReadingAtPath: path) else { return }
    defer { try? handle.close() }
    guard let header = try? handle.read(upToCount: 64),
      header.starts(with: [0x7f, 0x45, 0x4c, 0x46])
    else { return }
    let size = (try? handle.seekToEnd()) ?? 0
    func number(_ data: Data, _ offset: Int, _ bytes: Int) -> UInt64 {
      data.dropFirst(offset).prefix(bytes).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    let damaged = InputError("\(path): a damaged ELF file")
    guard header.count == 64, header[4] == 2 else { throw damaged }
    let (table, entry) = (number(header, 32, 8), number(header, 54, 2))
    let count = number(header, 56, 2)
    guard table <= size, entry >= 56, entry * count <= size - table else { throw damaged }
    try? handle.seek(toOffset: table)
    let segments = (try? handle.read(upToCount: Int(entry * count))) ?? Data()
    guard segments.count == Int(entry * count) else { throw damaged }
    for index in 0..<Int(count) {
      let segment = Data(segments.dropFirst(index * Int(entry)))
      // Loaded segments lie inside the file.
      guard number(segment, 0, 4) == 1 else { continue }
      let (offset, bytes) = (number(segment, 8, 8), number(segment, 32, 8))
      guard offset <= size, bytes <= size - offset else { throw damaged }
    }
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

    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.environment = environment(folder, status)
    let start = Date()
    var watcher = GuestStatus(status)
    var isWhole = false
    defer { if !isWhole { discardTrace() } }
    do {
      try process.run()
    } catch {
      throw InputError("\(name): cannot be executed; is it a program for this machine?")
    }
    watch(process, &watcher)
    try judge(process, watcher)
    isWhole = true
    if !isQuiet { try summarise(watcher, seconds: Date().timeIntervalSince(start)) }
  }

  private func environment(_ folder: URL, _ status: URL) -> [String: String] {
    var environment = ProcessInfo.processInfo.environment
    environment["LD_LIBRARY_PATH"] =
      [folder.path, environment["LD_LIBRARY_PATH"]].compactMap { $0 }.joined(separator: ":")
    for key in ["ARCH", "THREADS", "LIMIT", "DEVICE", "KERNELS", "LAUNCHES", "CTAS"] {
      environment["NEEDLETAIL_" + key] = settings[key] ?? ""
    }
    environment["NEEDLETAIL_STATUS"] = status.path
    environment["NEEDLETAIL_TRACE"] = trace.map { URL(fileURLWithPath: $0).path } ?? ""
    return environment
  }

  /// Waits for the program; a terminal sees what runs.
  private func watch(_ process: Process, _ status: inout GuestStatus) {
    let shows = !isQuiet && isatty(STDERR_FILENO) == 1
    while process.isRunning {
      Thread.sleep(forTimeInterval: shows ? 0.1 : 0.02)
      guard shows else { continue }
      status.read()
      if let line = status.progress { ExitStatus.write("\r\u{1b}[K\(line)") }
    }
    process.waitUntilExit()
    if shows { ExitStatus.write("\r\u{1b}[K") }
    status.read()
  }

  /// The library writes under another name, and gives the trace its own when it is whole.
  private func discardTrace() {
    guard let trace else { return }
    try? FileManager.default.removeItem(atPath: trace + ".partial")
  }

  /// What became of the program.
  private func judge(_ process: Process, _ status: GuestStatus) throws {
    func failure(_ message: String, _ code: Int32 = ExitStatus.failed) throws -> Never {
      // A program that fails after its trace was closed leaves none.
      if status.isDone, let trace { try? FileManager.default.removeItem(atPath: trace) }
      throw GuestError(message, status: code)
    }
    if let (code, message) = status.failure { try failure(message, code) }
    if process.terminationReason == .uncaughtSignal {
      let signal = process.terminationStatus
      let text = strsignal(signal).map { String(cString: $0) } ?? "unknown"
      try failure("\(name) was ended by signal \(signal) (\(text))")
    }
    guard status.hasStarted else {
      let code = process.terminationStatus
      // The loader's own status for a program that it cannot start.
      if code == 127 { try failure("\(name) could not be started", ExitStatus.badData) }
      try failure(
        "\(name) does not use the shared CUDA runtime (it ended with status \(code)); link it "
          + "with nvcc -cudart shared", ExitStatus.badData)
    }
    if process.terminationStatus != 0 {
      try failure("\(name) ended with status \(process.terminationStatus)")
    }
    guard status.isDone else { try failure("\(name) ended without closing its trace") }
  }

  private func summarise(_ status: GuestStatus, seconds: Double) throws {
    var line =
      "\(status.launches.formatted()) launches, \(status.warpInstructions.formatted()) warp "
      + "instructions in \(String(format: "%.2f", seconds)) s"
    if let trace {
      let attributes = try FileManager.default.attributesOfItem(atPath: trace)
      let bytes = (attributes[.size] as? Int) ?? 0
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
  private(set) var warpInstructions = 0
  /// Exit status and message.
  private(set) var failure: (Int32, String)?
  private(set) var progress: String?

  init(_ file: URL) { self.file = file }

  mutating func read() {
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return }
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      switch words.first {
      case "start": hasStarted = true
      case "done" where words.count > 2:
        isDone = true
        launches = Int(words[1]) ?? 0
        warpInstructions = Int(words[2]) ?? 0
      case "launch" where words.count > 3:
        progress = "launch \(words[1]): \(words[3]), \(words[2]) warp instructions before it"
      case "error" where words.count > 2, "fault" where words.count > 2:
        // The first failure is the cause of the others.
        if failure == nil {
          failure = (Int32(words[1]) ?? 1, words.dropFirst(2).joined(separator: " "))
        }
      default: break
      }
    }
  }
}
