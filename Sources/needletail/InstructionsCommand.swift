import ArgumentParser
import Emulator
import Foundation

/// `needletail instructions`: what the emulator executes, as a table for Docs/emulator.md, or what
/// it refuses of a program's disassembly.
struct InstructionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "instructions", abstract: "The SASS opcodes that the emulator executes.")

  @Argument(help: "What cuobjdump -sass printed: says which instructions are not executed.")
  var listings: [String] = []

  func run() throws {
    guard listings.isEmpty else { return try check() }
    var lines = ["| family | opcodes |", "|---|---|"]
    for family in SupportedInstructions.families {
      lines.append("| \(family.name) | \(family.opcodes.joined(separator: " ")) |")
    }
    try Output.write(lines.joined(separator: "\n") + "\n")
  }

  /// One line for each refused instruction, reasons counted.
  private func check() throws {
    var counts: [String: Int] = [:]
    var total = 0
    for path in listings {
      let text: String
      let functions: [Disassembly.Function]
      do {
        text = try String(contentsOfFile: path, encoding: .utf8)
        functions = try Disassembly(parsing: text).functions
      } catch {
        throw ValidationError("\(path): \(error)")
      }
      for function in functions {
        let image = KernelImage(
          name: function.name, architecture: function.architecture, code: function.code)
        total += function.code.count
        for (index, reason) in ExecutableKernel(image).unsupported {
          let architecture = "sm_\(function.architecture.number)"
          counts["\(architecture)  \(function.code[index].text)  (\(reason))", default: 0] += 1
        }
      }
    }
    var lines = counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
      .map { "\($0.value)  \($0.key)" }
    let refused = counts.values.reduce(0, +)
    lines.append("\(refused) of \(total) instructions are not executed.")
    try Output.write(lines.joined(separator: "\n") + "\n")
  }
}
