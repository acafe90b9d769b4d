import Foundation
import Testing

@testable import Emulator

@Suite struct CoverageProbe {
  @Test func probe() throws {
    guard let path = ProcessInfo.processInfo.environment["PROBE"] else { return }
    for file in path.split(separator: ",") {
      let text = try String(contentsOfFile: String(file), encoding: .utf8)
      var counts: [String: (Int, String)] = [:]
      for function in try Disassembly(parsing: text).functions {
        for i in function.code {
          do {
            _ = try InstructionRules.decode(
              i, architecture: function.architecture, pool: ConstantPool())
          } catch {
            let reason = (error as! UnsupportedInstruction).reason
            counts[InstructionText(i.text).mnemonic + ": " + reason, default: (0, i.text)].0 += 1
          }
        }
      }
      print("==", file)
      for (key, value) in counts.sorted(by: { $0.key < $1.key }) {
        print(value.0, key, "|", value.1)
      }
    }
  }
}
