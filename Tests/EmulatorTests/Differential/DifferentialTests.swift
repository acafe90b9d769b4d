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
}
