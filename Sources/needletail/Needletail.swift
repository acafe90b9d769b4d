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
      GPUCommand.self, InstructionsCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      ExitStatus.exit(with: error)
    }
  }
}
