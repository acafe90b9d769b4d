import Foundation
import ISA
import Testing

@testable import Emulator

/// The SASS text that ships with the workloads.
@Suite struct ShippedCodeTests {
  static let workloads = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Traces/workloads")

  static let listings: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: workloads.path)) ?? []
    return names.map { "\($0)/\($0).sm_86.sass" }.filter {
      FileManager.default.fileExists(atPath: workloads.appendingPathComponent($0).path)
    }.sorted()
  }()

  private func functions(_ name: String) throws -> [Disassembly.Function] {
    let text = try String(
      contentsOf: Self.workloads.appendingPathComponent(name), encoding: .utf8)
    return try Disassembly(parsing: text).functions
  }

  @Test func `there is text to check`() { #expect(Self.listings.count >= 40) }

  @Test(arguments: listings)
  func `every instruction is decoded for execution`(name: String) throws {
    for function in try functions(name) {
      for instruction in function.code {
        #expect(throws: Never.self, "\(name): \(instruction.text)") {
          _ = try InstructionRules.decode(
            instruction, architecture: function.architecture, pool: ConstantPool())
        }
      }
    }
  }

  /// The disassembler writes `.reuse` from the same bits that the control code is decoded from.
  @Test(arguments: listings)
  func `reuse bits of the encoding are the reuse flags of the text`(name: String) throws {
    for function in try functions(name) {
      for instruction in function.code {
        let flags = instruction.text.components(separatedBy: ".reuse").count - 1
        let control = try #require(instruction.control)
        // The disassembler shows no flag on slots whose operand is not a register.
        #expect(flags <= control.reuse.nonzeroBitCount, "\(name): \(instruction.text)")
        if flags == 0, control.reuse != 0 {
          #expect(!instruction.text.contains("R"), "\(name): \(instruction.text)")
        }
      }
    }
  }
}
