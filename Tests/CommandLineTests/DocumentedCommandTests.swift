import Foundation
import Testing

/// The commands in the pages work as they stand, in the order of the page.
@Suite struct DocumentedCommandTests {
  @Test(arguments: ["profiling", "reports", "timelines"])
  func `a page's commands run`(page: String) throws {
    let text = try String(
      contentsOf: root.appendingPathComponent("Docs/\(page).md"), encoding: .utf8)
    // Blocks that name no language are shell commands.
    var fence: Substring?
    var commands: [Substring] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        fence = fence == nil ? line.dropFirst(3) : nil
      } else if fence == "" {
        commands.append(line)
      }
    }
    let script = commands.joined(separator: "\n")
    #expect(script.contains("needletail "))
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "needletail-docs-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createSymbolicLink(
      at: folder.appendingPathComponent("Traces"),
      withDestinationURL: root.appendingPathComponent("Traces"))
    let (status, output, complaint) = try call(
      [folder.path],
      environment: [
        "NEEDLETAIL_CONFIGS": root.appendingPathComponent("Configs").path,
        "NEEDLETAIL_VALIDATION": root.appendingPathComponent("Validation").path,
      ], shell: "set -e; program=$0; needletail() { \"$program\" \"$@\"; }; cd \"$1\"\n" + script)
    #expect(status == 0, "\(complaint)")
    #expect(complaint.isEmpty && !output.isEmpty)
  }
}
