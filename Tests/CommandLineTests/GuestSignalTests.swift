import Foundation
import Testing

/// The program never outlives the command that runs it.
@Suite(.enabled(if: hasGuestLibrary)) struct GuestSignalTests {
  private let bench: GuestBench

  init() throws { bench = try GuestBench() }

  /// Starts a recording, waits for the program, sends a signal to the command, and gives the
  /// command's end, its standard error and the program's number.
  private func interrupt(
    _ guestCommand: [String], with number: Int32
  ) throws -> (end: Int32, complaint: String, guest: pid_t) {
    let process = Process()
    let errors = Pipe()
    process.executableURL = program
    process.arguments = ["trace", "record", "-o", bench.trace, "--"] + guestCommand
    process.currentDirectoryURL = root
    process.environment = ProcessInfo.processInfo.environment.merging(bench.environment) { $1 }
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
    var guest: pid_t?
    for _ in 0..<500 where guest == nil {
      Thread.sleep(forTimeInterval: 0.02)
      guest = (try? String(contentsOfFile: bench.path("pid"), encoding: .utf8))
        .flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
    let command = process.processIdentifier
    kill(command, number)
    // A test that would hang fails.
    let watchdog = DispatchWorkItem { kill(command, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 20, execute: watchdog)
    defer { watchdog.cancel() }
    let complaint = String(
      decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal)
    return (process.terminationStatus, complaint, try #require(guest))
  }

  /// Whether a process runs; one that nobody has buried does not.
  private func isAlive(_ process: pid_t) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else {
      return false
    }
    return text.split(separator: ")").last?.split(separator: " ").first != "Z"
  }

  private func expectEnd(
    of guest: pid_t, at location: SourceLocation = #_sourceLocation
  ) {
    for _ in 0..<250 where isAlive(guest) { Thread.sleep(forTimeInterval: 0.02) }
    #expect(!isAlive(guest), sourceLocation: location)
    kill(guest, SIGKILL)
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGKILL])
  func `a signal to the command ends the program`(number: Int32) throws {
    let program = [guestProgram, "sync", "pid=\(bench.path("pid"))", "forever"]
    let (end, complaint, guest) = try interrupt(program, with: number)
    #expect(end == number)
    expectEnd(of: guest)
    // What is left after a kill says by its name that it is not whole.
    #expect(!FileManager.default.fileExists(atPath: bench.trace))
    guard number != SIGKILL else { return }
    #expect(complaint.contains("was interrupted") && !bench.hasTrace, "\(complaint)")
    expectComplaint(complaint)
  }

  @Test func `an endless loop in a kernel can be interrupted`() throws {
    let kernel = try bench.kernel(["NOP", "BRA 0x0", "EXIT"])
    let program = bench.guest(kernel) + ["pid=\(bench.path("pid"))", "launch=1", "sync"]
    let (_, complaint, guest) = try interrupt(program, with: SIGINT)
    expectEnd(of: guest)
    #expect(complaint.contains("was interrupted") && !bench.hasTrace, "\(complaint)")
  }

  @Test func `a program that ignores the request is killed`() throws {
    let program = [guestProgram, "sync", "deaf", "pid=\(bench.path("pid"))", "forever"]
    let (end, _, guest) = try interrupt(program, with: SIGTERM)
    #expect(end == SIGTERM && !isAlive(guest))
  }

  @Test(arguments: [SIGTERM, SIGKILL])
  func `a program behind a script ends too`(number: Int32) throws {
    let line = "\(guestProgram) sync pid=\(bench.path("pid")) forever"
    let script = try bench.writeProgram("wrapper", "#!/bin/sh\n\(line)\necho done\n")
    let (end, _, guest) = try interrupt([script], with: number)
    #expect(end == number)
    expectEnd(of: guest)
  }
}
