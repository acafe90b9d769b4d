import Foundation
import Testing

/// Runs the commands of the pages about sweeps, in order, and holds what they print against the
/// pages.
@Suite struct SweepPageTests {
  private struct Example {
    var command: String
    /// Lines that the page shows below it.
    var shown: [String]
  }

  /// What stands behind `$` in a page's blocks.
  private func examples(_ page: String) throws -> [Example] {
    let text = try String(contentsOf: root.appendingPathComponent("Docs/\(page)"), encoding: .utf8)
    var found: [Example] = []
    /// Nil outside blocks.
    var language: Substring?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        language = language == nil ? line.dropFirst(3) : nil
      } else if language == "", line.hasPrefix("$ ") {
        found.append(Example(command: String(line.dropFirst(2)), shown: []))
      } else if language == "", !found.isEmpty {
        found[found.count - 1].shown.append(String(line))
      }
    }
    return found
  }

  /// A folder where the pages' paths lead to the shipped sweep with little to simulate.
  private func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "needletail-page-\(UUID().uuidString)")
    let files = FileManager.default
    try files.createDirectory(
      at: folder.appendingPathComponent("Docs/sweeps"), withIntermediateDirectories: true)
    try files.createSymbolicLink(
      at: folder.appendingPathComponent("Traces"),
      withDestinationURL: root.appendingPathComponent("Traces"))
    for name in ["register-file.sh", "parallel.sh", "register-file.yaml"] {
      try files.copyItem(
        at: root.appendingPathComponent("Docs/sweeps/\(name)"),
        to: folder.appendingPathComponent("Docs/sweeps/\(name)"))
    }
    let sweep = folder.appendingPathComponent("Docs/sweeps/register-file.yaml")
    let short = try String(contentsOf: sweep, encoding: .utf8)
    try (short + "set: { smCount: 1 }\nmaxCycles: 2500\n").write(
      to: sweep, atomically: true, encoding: .utf8)
    let wrapper = folder.appendingPathComponent("needletail")
    try """
    #!/bin/sh
    [ "$1" = run ] && exec '\(program.path)' "$@" --set smCount=1 --max-cycles 2500
    exec '\(program.path)' "$@"

    """.write(to: wrapper, atomically: true, encoding: .utf8)
    try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: wrapper.path)
    return folder
  }

  @Test(arguments: ["sweeps.md", "clusters.md"])
  func `the commands of a page do what it shows`(page: String) throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let examples = try examples(page)
    #expect(examples.count >= 3)
    for example in examples {
      // Tests/Slurm/run needs a cluster.
      if example.command.hasSuffix("--engine slurm") { continue }
      if example.command.contains("parallel.sh"),
        !FileManager.default.isExecutableFile(atPath: "/usr/bin/parallel")
      {
        continue
      }
      let (code, text, complaint) = try call(
        [folder.path, example.command],
        environment: ["HOME": folder.path, "NEEDLETAIL_CONFIGS": root.path + "/Configs"],
        shell: "cd \"$1\" && PATH=$PWD:$PATH && eval \"$2\"")
      #expect(code == 0, "\(example.command): \(complaint)")
      for (shown, line) in zip(example.shown, text.split(separator: "\n")) {
        // Paths are shown relative to the folder; `…` stands for anything.
        let said = line.replacing(folder.path + "/", with: "")
        let start = shown.prefix { $0 != "…" }
        #expect(said.hasPrefix(start), "\(example.command): \(said)")
        #expect(shown.contains("…") || said == shown, "\(example.command): \(said)")
      }
    }
  }
}
