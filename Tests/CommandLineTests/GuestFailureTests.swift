import CubinSupport
import Foundation
import Testing

/// What goes wrong in a recorded program is said in one line, and no trace is left.
@Suite(.enabled(if: hasGuestLibrary)) struct GuestFailureTests {
  private let bench: GuestBench

  init() throws { bench = try GuestBench() }

  private let store = ["MOV R1, c[0x0][0x28]", "IADD3 R2, R1, 0x1, RZ", "EXIT"]

  @Test func `a program that works is recorded`() throws {
    let guest = bench.guest(try bench.kernel(store))
    let (status, line) = try bench.record(guest + ["launch=3", "launch=2", "sync"])
    #expect(status == 0 && line.contains("2 launches, 15 warp instructions"), "\(line)")
    let (sound, text, _) = try call(["trace", "verify", bench.trace])
    #expect(sound == 0 && text.contains("2 kernels"))
  }

  @Test func `a program behind scripts is recorded, with and without an interpreter line`() throws {
    let guest = bench.guest(try bench.kernel(store)) + ["launch=1", "sync"]
    let line = guest.joined(separator: " ")
    for text in ["#!/bin/sh\ncd /\n\(line)\n", "exec \(line)\n"] {
      let (status, complaint) = try bench.record([try bench.writeProgram("wrapper", text)])
      #expect(status == 0 && complaint.contains("1 launches"), "\(complaint)")
    }
  }

  @Test func `what stands behind the program is the program's`() throws {
    let script = try bench.writeProgram("echo", "#!/bin/sh\necho \"$@\"\n")
    for command in [["trace", "record", "-o", bench.trace, "--quiet"], ["emulate", "--quiet"]] {
      for program in [[script], ["--", script]] {
        let (_, text, _) = try call(
          command + program + ["--help", "-h", "--arch", "x", "--"], environment: bench.environment)
        #expect(text == "--help -h --arch x --\n", "\(command + program)")
      }
    }
  }

  @Test func `no code for the architecture names what there is`() throws {
    let old = try bench.fat("old", cubin: [1, 2, 3], architecture: 75)
    try bench.expectFailure(
      65, "no code for sm_86 in \(guestProgram) (it has sm_75)", bench.guest(old) + ["launch=1"])
    let none = try bench.write("none", FatBinaryBuilder.build([]))
    try bench.expectFailure(65, "(it has none at all)", bench.guest(none) + ["launch=1"])
  }

  @Test func `damaged and foreign code is refused`() throws {
    var builder = CubinBuilder()
    builder.add(".nv.constant0.k", .bits(Array(repeating: 0, count: 0x160)))
    builder.add(".text.k", .bits(Array(repeating: 0, count: 32)))
    let cubin = builder.build()
    builder.machine = 62
    let cases: [(String, [UInt8])] = [
      ("not an ELF file", Array(cubin.prefix(40))),
      ("outside the file", Array(cubin.prefix(cubin.count / 2))),
      ("not of CUDA code", builder.build()),
      ("not an ELF file", Array("anything else, but no code for any GPU; at least 64 bytes".utf8)),
      ("not an ELF file", []),
    ]
    for (index, (text, bytes)) in cases.enumerated() {
      let fat = try bench.fat("fat\(index)", cubin: bytes)
      try bench.expectFailure(
        65, "the code of \(guestProgram) cannot be used: \(index == 1 ? "section" : "")",
        bench.guest(fat) + ["launch=1"])
      try bench.expectFailure(65, text, bench.guest(fat) + ["launch=1"])
    }
  }

  @Test func `a damaged container is refused, and never read beyond memory`() throws {
    let whole = try [UInt8](
      Data(contentsOf: URL(fileURLWithPath: bench.fat("whole", cubin: Array(0..<200)))))
    var endless = whole
    endless.replaceSubrange(8..<16, with: littleEndian(UInt64(1) << 29))
    for bytes in [endless, [UInt8](repeating: 7, count: 99)] {
      let file = try bench.write("damaged", bytes)
      try bench.expectFailure(65, "fat binary", bench.guest(file) + ["launch=1"])
    }
  }

  @Test func `an instruction that is not executed is named with kernel and address`() throws {
    let guest = bench.guest(try bench.kernel(["NOP", "FROBNICATE R2, R3", "EXIT"]))
    try bench.expectFailure(
      65, "unsupported instruction (opcode FROBNICATE): kernel k at 0x10 (FROBNICATE R2, R3)",
      guest + ["launch=1", "sync"])
  }

  @Test func `an endless loop in a kernel ends at the limit`() throws {
    let guest = bench.guest(try bench.kernel(["NOP", "BRA 0x0", "EXIT"]))
    try bench.expectFailure(
      1, "a CTA executed more than 10000 warp instructions: kernel k",
      guest + ["launch=1"], ["--limit", "10000"])
  }

  @Test(arguments: [
    ("abort", "signal 6"), ("fault", "signal 11"), ("exit=3", "ended with status 3"),
  ])
  func `a program that fails leaves no trace`(action: String, text: String) throws {
    let guest = bench.guest(try bench.kernel(store)) + ["launch=1", "sync", action]
    try bench.expectFailure(1, text, guest)
  }

  @Test func `a trace that finds no room is an error of the system`() throws {
    let guest = bench.guest(try bench.kernel(store)) + ["launch=1", "sync"]
    // A limit on the size of files stands for a full disk.
    let command = ["trace", "record", "-o", bench.trace, "--"] + guest
    let (status, _, complaint) = try call(
      command, environment: bench.environment, shell: "ulimit -f 0; exec \"$0\" \"$@\"")
    #expect(status == 1 && complaint.contains("cannot be written"), "\(complaint)")
    #expect(complaint.contains("File too large") && !bench.hasTrace)
    expectComplaint(complaint)
  }

  @Test func `a device or a folder is not replaced by a trace`() throws {
    for output in ["/dev/null", bench.url.path] {
      let command = ["trace", "record", "-o", output, "--", guestProgram, "sync"]
      let (status, _, complaint) = try call(command, environment: bench.environment)
      #expect(status == 1 && complaint.contains("is not a plain file"), "\(complaint)")
    }
  }

  @Test func `a program with the runtime inside is told so`() throws {
    let text = "#!/bin/sh\nexit 3\n"
    try bench.expectFailure(65, "-cudart shared", [try bench.writeProgram("plain", text)])
    let program = try Data(contentsOf: URL(fileURLWithPath: "/bin/true"))
    let inside = try bench.writeProgram("inside", "")
    try (program + Data(".nv_fatbin".utf8)).write(to: URL(fileURLWithPath: inside))
    try bench.expectFailure(65, "linked in statically", [inside])
  }

  @Test func `a missing program, a folder and a plain file are refused`() throws {
    try bench.expectFailure(65, "no such program", [bench.path("nothing")])
    try bench.expectFailure(65, "a folder", [bench.url.path])
    try bench.expectFailure(
      65, "not an executable file", [try bench.write("text", Array("hello".utf8))])
  }

  @Test func `one trace holds one process`() throws {
    let guest = bench.guest(try bench.kernel(store)).joined(separator: " ")
    // One that launches nothing leaves the trace to the next.
    let idle = "#!/bin/sh\n\(guestProgram) sync\n\(guest) launch=1 sync\n"
    #expect(try bench.record([try bench.writeProgram("idle", idle)]).0 == 0)
    try FileManager.default.removeItem(atPath: bench.trace)
    let twice = "#!/bin/sh\n\(guest) launch=1 sync\n\(guest) launch=1 sync\n"
    let script = try bench.writeProgram("twice", twice)
    try bench.expectFailure(1, "a second process launches kernels", [script])
    #expect(try call(["emulate", "--", script], environment: bench.environment).0 == 0)
  }
}
