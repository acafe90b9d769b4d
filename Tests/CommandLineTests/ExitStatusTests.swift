import Foundation
import Testing

@Suite struct ExitStatusTests {
  @Test(
    arguments: [
      (["run"], 2), (["run", "/nope"], 65), (["run", "README.md"], 65), (["frobnicate"], 2),
      (["run", "Traces/pointer-chase.sass", "--gpu", "rtx-a600"], 2),
      (["run", "Traces/pointer-chase.sass", "--set", "sm.warpz=3"], 2),
      (["run", "Traces/pointer-chase.sass", "--kernels", "9"], 2),
      (["run", "Traces/pointer-chase.sass", "--set", "smCount=1", "--json", "/dev/full"], 1),
      (["trace", "export", "README.md", "--format", "micro25", "-o", "/nope/out"], 65),
      (
        ["trace", "export", "Traces/pointer-chase.sass", "--format", "micro25", "-o", "/nope/x"], 1
      ),
      (["trace", "export", "Traces/pointer-chase.sass", "--format", "gem5", "-o", "/nope/x"], 2),
      (["trace", "export", "README.md", "--format", "micro25", "--xz", "-o", "/nope/x"], 2),
      (["trace", "verify", "README.md"], 65), (["gpu", "show", "nope"], 2),
      (["trace", "record"], 2), (["trace", "record", "--arch", "sm_61", "--", "/bin/true"], 2),
      (["trace", "record", "--launches", "5-3", "--", "/bin/true"], 2),
      (["trace", "record", "-o", "/nope/x", "--", "/nope/program"], 65),
      (["emulate", "--gpu", "nope", "--", "/bin/true"], 2), (["emulate", "--", "README.md"], 65),
      (["emulate", "--threads", "0", "--", "/bin/true"], 2),
    ] as [([String], Int32)])
  func `a mistake is one line on standard error and the right status`(
    arguments: [String], status: Int32
  ) throws {
    try expectMistake(arguments, status)
  }

  @Test func `a listing from standard input gives JSON that does not depend on threads`() throws {
    let listing = "CS2R.32 R2, SR_CLOCKLO\nNOP\nCS2R.32 R3, SR_CLOCKLO\n"
    func kernels(_ more: [String]) throws -> String {
      let (code, text, complaint) = try call(
        ["run", "-", "--json", "-", "--set", "smCount=2"] + more, input: listing)
      #expect(code == 0 && complaint.isEmpty)
      var result = try object(text)
      result["host"] = nil
      return String(
        decoding: try JSONSerialization.data(withJSONObject: result, options: .sortedKeys),
        as: UTF8.self)
    }
    #expect(try kernels([]) == kernels(["--threads", "2"]))
    #expect(try kernels([]) == kernels(["--no-leap"]))
  }

  @Test func `a deadlock ends with the warps that wait`() throws {
    let listing = ".block 64\n.warps 0\nBAR.SYNC 0x1, 0x60\n.end\nEXIT\n"
    let (code, _, complaint) = try call(["run", "-", "--set", "smCount=1"], input: listing)
    #expect(code == 1)
    #expect(complaint.contains("warp 0") && complaint.contains("barrier"))
  }
}
