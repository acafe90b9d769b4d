import ArgumentParser
import Emulator

/// `needletail instructions`: what the emulator executes, as a table for Docs/emulator.md.
struct InstructionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "instructions", abstract: "The SASS opcodes that the emulator executes.")

  func run() throws {
    var lines = ["| family | opcodes |", "|---|---|"]
    for family in SupportedInstructions.families {
      lines.append("| \(family.name) | \(family.opcodes.joined(separator: " ")) |")
    }
    try Output.write(lines.joined(separator: "\n") + "\n")
  }
}
