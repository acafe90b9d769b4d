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

/// One line of complaint on standard error, after `needletail: error: `.
func expectComplaint(
  _ complaint: String, _ beginning: String = "", _ comment: Comment? = nil,
  at location: SourceLocation = #_sourceLocation
) {
  #expect(
    complaint.hasPrefix("needletail: error: " + beginning), comment ?? "\(complaint)",
    sourceLocation: location)
  #expect(
    complaint.split(separator: "\n").count == 1, comment ?? "\(complaint)",
    sourceLocation: location)
}

/// A call that ends with `status` and one line on standard error.
func expectMistake(
  _ arguments: [String], _ status: Int32, at location: SourceLocation = #_sourceLocation
) throws {
  let (code, _, complaint) = try call(arguments)
  #expect(code == status, "\(arguments): \(complaint)", sourceLocation: location)
  expectComplaint(complaint, at: location)
}

/// The object that JSON text holds.
func object(_ json: String) throws -> [String: Any] {
  try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
}
