import Foundation
import Testing

/// Programs under the stand-in runtime library, as far as that goes without a CUDA compiler.
@Suite struct GuestTests {
  private func scratch() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "needletail-guest-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  @Test func `a program without the shared runtime is told how to link it, and leaves no trace`()
    throws
  {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(at: folder) }
    let trace = folder.appendingPathComponent("x.ntrace").path
    let (status, _, complaint) = try call(["trace", "record", "-o", trace, "--", "/bin/true"])
    // Needs the library beside the program, as a whole build leaves it.
    if complaint.contains("libNeedletailCUDA.so is not beside") { return }
    #expect(status == 65 && complaint.contains("-cudart shared"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
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
      #expect(
        status == 2 && complaint.hasPrefix("needletail: error: Unknown option '\(options[0])'"))
      #expect(complaint.split(separator: "\n").count == 1)
    }
  }

  @Test func `a damaged executable is bad input`() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(at: folder) }
    let whole = try Data(contentsOf: URL(fileURLWithPath: "/bin/sh").resolvingSymlinksInPath())
    for length in [3, 20, 63, 100, 4000, whole.count / 2] {
      let file = folder.appendingPathComponent("cut\(length)")
      try whole.prefix(length).write(to: file)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
      let (status, _, complaint) = try call(["emulate", "--", file.path])
      #expect(status == 65, "\(length) bytes: \(complaint)")
      #expect(complaint.split(separator: "\n").count == 1)
    }
  }
}
