import Testing

@testable import Emulator

/// Every instruction of the arithmetic families, from its text to its effect on a warp.
@Suite struct DifferentialTests {
  @Test(arguments: IntegerForms.all) func integers(form: Form) { form.check() }
  @Test(arguments: BitForms.all) func bits(form: Form) { form.check() }
  @Test(arguments: VideoForms.all) func video(form: Form) { form.check() }
  @Test(arguments: SingleForms.all) func singles(form: Form) { form.check() }
  @Test(arguments: DoubleForms.all) func doubles(form: Form) { form.check() }
  @Test(arguments: HalfForms.all) func halves(form: Form) { form.check() }
  @Test(arguments: ConversionForms.all) func conversions(form: Form) { form.check() }
  @Test(arguments: WarpForms.all) func warps(form: Form) { form.check() }

  /// Families that other tests execute: tensor cores by matrices, memory and control by programs.
  private static let others: Set = [
    "tensor cores", "textures and surfaces", "memory", "atomics", "control flow and order",
  ]

  @Test func `every opcode of these families is tried`() {
    let all =
      IntegerForms.all + BitForms.all + VideoForms.all + SingleForms.all + DoubleForms.all
      + HalfForms.all + ConversionForms.all + WarpForms.all
    let tried = Set(all.map(\.opcode))
    for family in SupportedInstructions.families where !Self.others.contains(family.name) {
      for opcode in family.opcodes {
        #expect(tried.contains(opcode), "\(opcode) of \(family.name)")
      }
    }
  }
}
