import Foundation
import Testing

let root = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The built program stands beside the test runner.
let program: URL = {
  let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent()
  for candidate in [
    folder.appendingPathComponent("needletail"),
    root.appendingPathComponent(".build/debug/needletail"),
  ] where FileManager.default.isExecutableFile(atPath: candidate.path) {
    return candidate
  }
  return root.appendingPathComponent(".build/debug/needletail")
}()

/// Status, standard output and standard error of a call.
///
/// With `shell`, a script for `bash -c` that finds the program as `$0` and its arguments.
func call(
  _ arguments: [String], input: String = "", environment: [String: String] = [:],
  shell: String? = nil
) throws -> (Int32, String, String) {
  let process = Process()
  process.executableURL = shell == nil ? program : URL(fileURLWithPath: "/bin/bash")
  process.arguments = shell.map { ["-c", $0, program.path] + arguments } ?? arguments
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  process.currentDirectoryURL = root
  let output = Pipe()
  let errors = Pipe()
  let feed = Pipe()
  process.standardOutput = output
  process.standardError = errors
  process.standardInput = feed
  try process.run()
  try feed.fileHandleForWriting.write(contentsOf: Data(input.utf8))
  try feed.fileHandleForWriting.close()
  let text = output.fileHandleForReading.readDataToEndOfFile()
  let complaint = errors.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (
    process.terminationStatus, String(decoding: text, as: UTF8.self),
    String(decoding: complaint, as: UTF8.self)
  )
}

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
    let (code, _, complaint) = try call(arguments)
    #expect(code == status, "\(arguments): \(complaint)")
    #expect(complaint.hasPrefix("needletail: error: "))
    #expect(complaint.split(separator: "\n").count == 1)
  }

  @Test func `a listing from standard input gives JSON that does not depend on threads`() throws {
    let listing = "CS2R.32 R2, SR_CLOCKLO\nNOP\nCS2R.32 R3, SR_CLOCKLO\n"
    func kernels(_ more: [String]) throws -> String {
      let (code, text, complaint) = try call(
        ["run", "-", "--json", "-", "--set", "smCount=2"] + more, input: listing)
      #expect(code == 0 && complaint.isEmpty)
      var object = try #require(
        JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      object["host"] = nil
      return String(
        decoding: try JSONSerialization.data(withJSONObject: object, options: .sortedKeys),
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
