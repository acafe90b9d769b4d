import Foundation
import Testing

@Suite struct ExportCommandTests {
  private let listing = """
    .kernel stream
    .arch sm_86
    .grid 3
    .block 64
    .registers 16
    .repeat 4 i
    [B------:R-:W0:-:S01] LDG.E R2, [R4.64+0x{i*256}] ; @ 0x7f0000000000 + thread * 4
    [B0-----:R-:W-:-:S04] FFMA R3, R2.reuse, R2, R3 ;
    .end
    [B------:R1:W-:-:S01] STG.E [R4.64], R3 ; @ 0x7f0000100000 + thread * 4
    [B------:R-:W-:Y:S05] EXIT ;

    """

  /// The cycles of the first kernel.
  private func cycles(_ trace: String, _ settings: [String] = []) throws -> String {
    let (status, text, complaint) = try call(["run", trace, "--json", "-"] + settings)
    #expect(status == 0, "\(complaint)")
    return try #require(
      text.split(separator: "\n").first { $0.contains("\"cycles\"") }
        .map(String.init))
  }

  @Test func `an exported program takes the cycles of its source`() throws {
    let folder = try ScratchFolder()
    try folder.write("stream.sass", listing)

    func export(_ source: String, _ output: String, _ arguments: [String], _ input: String = "")
      throws
    {
      let command = ["trace", "export", source, "-o", folder.path(output)] + arguments
      let (status, text, complaint) = try call(command, input: input)
      #expect(status == 0 && text.contains("1 kernels, 3 CTAs"), "\(complaint)")
    }
    // Control bits and constants survive in the one format.
    try export(folder.path("stream.sass"), "micro25", ["--format", "micro25"])
    #expect(try cycles(folder.path("micro25")) == cycles(folder.path("stream.sass")))
    // The other holds neither, but keeps what it holds.
    try export("-", "once", ["--format", "accel-sim"], listing)
    try export(folder.path("once"), "twice", ["--format", "accel-sim", "--xz"])
    #expect(try cycles(folder.path("twice")) == cycles(folder.path("once")))
    #expect(
      try cycles(folder.path("once"))
        == cycles(folder.path("stream.sass"), ["--set", "sm.dependence.mode=scoreboard"]))
  }
}
