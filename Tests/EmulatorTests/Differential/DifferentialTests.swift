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

  /// Tensor cores, memory and control are executed by other tests: matrices and whole programs.
  private static let families: Set = [
    "integer", "bits and shifts", "bytes, dot products, DPX", "single precision",
    "double precision", "packed halves", "conversions", "predicates",
    "moves and special registers", "within the warp",
  ]

  @Test func `every opcode of these families is tried`() {
    let all =
      IntegerForms.all + BitForms.all + VideoForms.all + SingleForms.all + DoubleForms.all
      + HalfForms.all + ConversionForms.all + WarpForms.all
    let tried = Set(all.map(\.opcode))
    let families = SupportedInstructions.families.filter { Self.families.contains($0.name) }
    #expect(families.count == Self.families.count)
    for family in families {
      for opcode in family.opcodes {
        #expect(tried.contains(opcode), "\(opcode) of \(family.name)")
      }
    }
  }
}
