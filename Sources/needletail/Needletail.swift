import ArgumentParser
import Configuration
import Foundation
import Simulation

/// The command line: thin subcommands over the modules.
@main
struct Needletail: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "needletail",
    abstract: "A cycle-level simulator of modern NVIDIA GPUs.",
    version: Simulator.version,
    subcommands: [
      RunCommand.self, TraceCommandGroup.self, EmulateCommand.self, GPUsCommand.self,
      GPUCommand.self, InstructionsCommand.self, ValidateCommand.self, ReportCommand.self,
      DiffCommand.self, SweepCommand.self, SweepPointCommand.self, SweepChunkCommand.self,
    ])

  static func main() {
    // A file beyond the limit is an error of the write, not the end.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try parsed()
      try command.run()
    } catch {
      ExitStatus.exit(with: error)
    }
  }

  /// The command to run. `run` is what sweeps start by the thousand, and alone it is parsed in half
  /// the time; whatever it does not understand is the whole parser's to explain.
  private static func parsed() throws -> any ParsableCommand {
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.first == RunCommand.configuration.commandName,
      let run = try? RunCommand.parseAsRoot(Array(arguments.dropFirst())) as? RunCommand
    {
      return run
    }
    return try parseAsRoot()
  }
}
