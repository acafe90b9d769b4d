import Foundation
import ISA
import Testing

@testable import Emulator

/// What is claimed is tried: each opcode, and each modifier that a rule takes.
@Suite struct CoverageTests {
  /// Instructions with forms: random operands, every result against an oracle.
  private static let forms =
    IntegerForms.all + BitForms.all + VideoForms.all + SingleForms.all + DoubleForms.all
    + HalfForms.all + ConversionForms.all + WarpForms.all

  /// The others, and the tests that execute them.
  private static let elsewhere: [(tests: Any.Type, opcodes: String)] = [
    (MatrixMultiplyTests.self, "HMMA IMMA BMMA DMMA QMMA"), (MatrixInstructionTests.self, "MOVM"),
    (
      MemoryAccessTests.self,
      "LD LDC LDG LDGSTS LDL LDS LDSM QSPC ST STG STL STS ULDC LDCU"
    ),
    (AtomicOperationTests.self, "ATOM ATOMG ATOMS RED REDG REDS"),
    (MemoryBarrierTests.self, "ARRIVES SYNCS"),
    (TextureInstructionTests.self, "SULD SURED SUST TEX TLD TLD4 TXD TXQ"),
    (
      ControlFlowTests.self,
      """
      ACQBULK B2R BAR BMOV BPT BRA BREAK BRX BSSY BSYNC CALL CCTL CCTLL CCTLT CGAERRBAR DEPBAR \
      ENDCOLLECTIVE ERRBAR EXIT FENCE JMP JMX KILL LDGDEPBAR MEMBAR NANOSLEEP NOP PMTRIG PREEXIT \
      RET UCCTL UTMACMDFLUSH WARPGROUP WARPSYNC YIELD
      """
    ),
    (ClusterTests.self, "UCGABAR_ARV UCGABAR_WAIT"),
  ]

  @Test func `every opcode is tried`() {
    let tried = Set(Self.forms.map(\.opcode))
    let others = Set(Self.elsewhere.flatMap { $0.opcodes.split(separator: " ").map(String.init) })
    for family in SupportedInstructions.families {
      for opcode in family.opcodes {
        #expect(tried.contains(opcode) || others.contains(opcode), "\(opcode) of \(family.name)")
      }
    }
    let claimed = Set(SupportedInstructions.families.flatMap(\.opcodes))
    #expect(others.subtracting(claimed).isEmpty)
  }

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  @Test func `the table of the documentation is what the rules say`() throws {
    let text = try String(
      contentsOf: Self.root.appendingPathComponent("Docs/emulator.md"), encoding: .utf8)
    for family in SupportedInstructions.families {
      let row = "| \(family.name) | \(family.opcodes.joined(separator: " ")) |"
      #expect(text.contains(row), "\(row)")
    }
  }

  /// Words in quotes in the rules: whatever they may take as a modifier.
  private static func candidates() throws -> Set<String> {
    var found: Set<String> = []
    for folder in ["Instructions", "Decode"] {
      let place = root.appendingPathComponent("Sources/Emulator/\(folder)")
      for file in try FileManager.default.contentsOfDirectory(atPath: place.path) {
        let text = try String(contentsOf: place.appendingPathComponent(file), encoding: .utf8)
        for match in text.matches(of: /"([A-Z0-9][A-Za-z0-9_]*)"/) { found.insert(String(match.1)) }
      }
    }
    return found
  }

  /// The rule's name: an instruction of the uniform datapath shares that of the vector one.
  private static func base(_ opcode: String) -> String {
    InstructionRules.all[opcode] == nil ? String(opcode.dropFirst()) : opcode
  }

  private static let byOpcode = Dictionary(grouping: forms) { base($0.opcode) }

  @Test func `every modifier that the rules of these families take is tried`() throws {
    let candidates = try Self.candidates()
    #expect(candidates.count > 100)
    for (opcode, forms) in Self.byOpcode.sorted(by: { $0.key < $1.key }) {
      let names = forms.flatMap { $0.mnemonic.split(separator: ".").dropFirst().map(String.init) }
      var untried = candidates.subtracting(names)
      // Some of them, evenly: many differ in their rounding only.
      for form in stride(from: 0, to: forms.count, by: 1 + forms.count / 16).map({ forms[$0] }) {
        let trial = Trial(form, seed: 1)
        _ = trial.run(form.body(trial))
        let text = trial.text
        let place = try #require(text.range(of: form.mnemonic))
        func decoded(_ mnemonic: String) -> Emulator.Operation? {
          let changed = text.replacingCharacters(in: place, with: mnemonic)
          return try? InstructionRules.decode(
            StaticInstruction(pc: 0, text: changed, control: nil),
            architecture: Architecture(form.architecture), pool: ConstantPool())
        }
        for candidate in untried {
          guard let changed = decoded(form.mnemonic + "." + candidate) else { continue }
          // What goes without saying, and hints, leave the operation as it is.
          let plain = decoded(form.mnemonic).map { String(describing: $0) }
          guard String(describing: changed) != plain else { continue }
          untried.remove(candidate)
          Issue.record("\(opcode).\(candidate), as in \(text)")
        }
      }
    }
  }
}
