import Foundation
import Testing

/// Programs under the stand-in runtime library, as far as that goes without a CUDA compiler.
@Suite struct GuestTests {
  @Test func `a program without the shared runtime is told how to link it, and leaves no trace`()
    throws
  {
    let folder = try ScratchFolder()
    let command = ["trace", "record", "-o", folder.path("x.ntrace"), "--", "/bin/true"]
    let (status, _, complaint) = try call(command)
    // Needs the library beside the program, as a whole build leaves it.
    if complaint.contains("libNeedletailCUDA.so is not beside") { return }
    #expect(status == 65 && complaint.contains("-cudart shared"))
    #expect(try folder.names().isEmpty)
  }

  @Test(arguments: [["trace", "record"], ["emulate"]])
  func `help and version before the program are the command's`(command: [String]) throws {
    let (_, help, _) = try call(["help"] + command)
    #expect(help.contains("USAGE: needletail \(command.joined(separator: " ")) "))
    for options in [["--help"], ["-h"], ["--arch", "sm_86", "--quiet", "--help", "/bin/true"]] {
      let (status, text, complaint) = try call(command + options)
      #expect(status == 0 && text == help && complaint.isEmpty, "\(options): \(complaint)")
    }
    #expect(try call(command + ["--version"]) == call(["run", "--version"]))
    for options in [["--arhc", "sm_86", "--", "/bin/true"], ["-x", "/bin/true"]] {
      let (status, _, complaint) = try call(command + options)
      #expect(status == 2)
      expectComplaint(complaint, "Unknown option '\(options[0])'")
    }
  }

  @Test func `a damaged executable is bad input`() throws {
    let folder = try ScratchFolder()
    let whole = try Data(contentsOf: URL(fileURLWithPath: "/bin/sh").resolvingSymlinksInPath())
    for length in [3, 20, 63, 100, 4000, whole.count / 2] {
      let file = try folder.writeProgram("cut\(length)", whole.prefix(length))
      try expectMistake(["emulate", "--", file], 65)
    }
  }
}
