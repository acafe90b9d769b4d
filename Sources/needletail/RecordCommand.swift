import ArgumentParser
import Configuration
import Foundation
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

  @OptionGroup var guest: GuestOptions
  @Option(name: .shortAndLong, help: ArgumentHelp("The trace to write.", valueName: "trace"))
  var output: String?
  @Option(
    help: ArgumentHelp(
      "Record only kernels whose names contain one of these texts, separated by commas.",
      valueName: "list"))
  var kernels: String?
  @Option(help: ArgumentHelp("Record only these launches, like 3-5.", valueName: "range"))
  var launches: String?
  @Option(
    help: ArgumentHelp(
      "Record only these CTAs of each launch: the first N, or ranges like 0-503,9000-9503; all execute.",
      valueName: "N or ranges"))
  var ctas: String?
  @Flag(help: "Execute only; write no trace.") var noTrace = false
  @Argument(parsing: .captureForPassthrough, help: "The program and its arguments.")
  var program: [String]

  func run() throws {
    let program = try guestCommand(program)
    for field in ctas?.split(separator: ",", omittingEmptySubsequences: false) ?? [] {
      try check(range: String(field), "--ctas", least: 0)
    }
    if let launches { try check(range: launches, "--launches", least: 1) }
    var guest = try Guest(guest, command: program)
    if !noTrace { guest.trace = output ?? guest.name + ".ntrace" }
    guest.settings["KERNELS"] = kernels
    guest.settings["LAUNCHES"] = launches
    guest.settings["CTAS"] = ctas
    try guest.run()
  }

  private func check(range text: String, _ option: String, least: Int) throws {
    let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(bounds.count), let first = bounds[0], let last = bounds.last ?? nil,
      first >= least, first <= last
    else { throw ValidationError("\(option) takes a range like 3-5, not '\(text)'") }
  }
}

/// `needletail emulate`: runs a CUDA program on the emulator.
struct EmulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "emulate",
    abstract: "Run an unmodified CUDA program with no GPU.",
    discussion: """
      The program must use the shared CUDA runtime (nvcc -cudart shared). Its kernels execute on \
      the CPU; what the host part prints and computes is real.
      """)

  @OptionGroup var guest: GuestOptions
  @Argument(parsing: .captureForPassthrough, help: "The program and its arguments.")
  var program: [String]

  func run() throws { try Guest(guest, command: guestCommand(program)).run() }
}

extension ParsableCommand {
  /// The program and its arguments. The parser captures from the first word that is no option of the
  /// command: flags that it answers elsewhere come here when they stand before the program.
  fileprivate func guestCommand(_ captured: [String]) throws -> [String] {
    switch captured.first {
    case "--": return Array(captured.dropFirst())
    case "-h", "--help": throw CleanExit.helpRequest(self)
    case "--version": throw CleanExit.message(Simulator.version)
    case let option? where option.hasPrefix("-"):
      throw ValidationError(
        "Unknown option '\(option)'; the program, with -- before it, comes behind the options")
    default: return captured
    }
  }
}

/// What the two commands have in common.
struct GuestOptions: ParsableArguments {
  @Option(help: "Architecture whose code is executed, like sm_86; by default that of the GPU.")
  var arch: String?
  @Option(help: "The GPU that device queries describe: a name or a file.") var gpu = "rtx-a6000"
  @Option(help: "Host threads that execute CTAs; results of atomics may then vary.")
  var threads = 1
  @Option(help: "Warp instructions after which a CTA counts as an endless loop.")
  var limit: Int?
  @Flag(help: "No progress and no summary.") var quiet = false

  func validate() throws {
    guard threads >= 1, limit ?? 1 >= 1 else {
      throw ValidationError("--threads and --limit take positive numbers")
    }
  }
}
