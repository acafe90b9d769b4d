import Foundation
import Testing

/// The commands in the pages work as they stand, in the order of the page.
///
/// Blocks that name no language hold shell commands: their lines, or what stands behind `$` if there is
/// any; the other lines are then what the command before prints. Blocks of `text` are only looked at:
/// output, and what needs a compiler, a cluster or minutes.
@Suite struct DocumentedCommandTests {
  struct Command {
    var text: String
    /// What the page shows below it; `…` stands for anything.
    var shown: [String] = []
  }

  /// Pages whose commands have tests of their own.
  private static let elsewhere: Set = ["sweeps.md", "clusters.md", "sampling.md"]

  static let pages: [String] = {
    let names =
      (try? FileManager.default.contentsOfDirectory(
        atPath: root.appendingPathComponent("Docs").path)) ?? []
    let pages = names.filter { $0.hasSuffix(".md") && !elsewhere.contains($0) }.map { "Docs/\($0)" }
    return (pages + ["README.md"]).filter { (try? commands(of: $0).isEmpty) == false }.sorted()
  }()

  private static func commands(of page: String) throws -> [Command] {
    var commands: [Command] = []
    for block in try blocks(of: page) where block.language.isEmpty {
      guard block.lines.contains(where: { $0.hasPrefix("$ ") }) else {
        commands.append(Command(text: block.lines.joined(separator: "\n")))
        continue
      }
      for line in block.lines {
        if line.hasPrefix("$ ") {
          commands.append(Command(text: String(line.dropFirst(2))))
        } else {
          commands[commands.count - 1].shown.append(String(line))
        }
      }
    }
    return commands
  }

  private struct Block {
    var language: Substring
    var lines: [Substring] = []
  }

  private static func blocks(of page: String) throws -> [Block] {
    let text = try String(contentsOf: root.appendingPathComponent(page), encoding: .utf8)
    var found: [Block] = []
    var isInside = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isInside.toggle()
        if isInside { found.append(Block(language: line.dropFirst(3))) }
      } else if isInside {
        found[found.count - 1].lines.append(line)
      }
    }
    return found
  }

  @Test(arguments: pages)
  func `a page's commands run and print what it shows`(page: String) throws {
    let files = FileManager.default
    let folder = files.temporaryDirectory.appendingPathComponent(
      "needletail-docs-\(UUID().uuidString)")
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? files.removeItem(at: folder) }
    try files.createSymbolicLink(
      at: folder.appendingPathComponent("Traces"),
      withDestinationURL: root.appendingPathComponent("Traces"))
    for command in try Self.commands(of: page) {
      if command.text.hasPrefix("cat "), !command.text.contains("\n") {
        // The page shows a file that it then uses.
        try (command.shown.joined(separator: "\n") + "\n").write(
          to: folder.appendingPathComponent(String(command.text.dropFirst(4))), atomically: true,
          encoding: .utf8)
        continue
      }
      let (status, output, complaint) = try call(
        [folder.path],
        environment: [
          "NEEDLETAIL_CONFIGS": root.appendingPathComponent("Configs").path,
          "NEEDLETAIL_VALIDATION": root.appendingPathComponent("Validation").path,
        ],
        shell: "set -e; program=$0; needletail() { \"$program\" \"$@\"; }; cd \"$1\"\n"
          + command.text)
      #expect(status == 0, "\(page): \(command.text): \(complaint)")
      let said = (output + complaint).split(separator: "\n")
      #expect(!output.isEmpty, "\(page): \(command.text)")
      if command.shown.isEmpty {
        #expect(
          complaint.split(separator: "\n").allSatisfy { $0.contains("warning: ") },
          "\(page): \(command.text): \(complaint)")
      }
      for line in command.shown {
        let start = line.prefix { $0 != "…" }
        #expect(
          said.contains { line.contains("…") ? $0.hasPrefix(start) : $0 == start },
          "\(page): \(command.text): not printed: \(line)")
      }
    }
  }

  /// Code that a page shows stands in the project as it is shown.
  @Test(arguments: ["extending", "embedding"])
  func `a page's code is the project's`(page: String) throws {
    var sources = ""
    for folder in ["Sources/Machine", "Tests/MachineTests", "Examples/Embed"] {
      let path = root.appendingPathComponent(folder)
      let files = try #require(FileManager.default.enumerator(atPath: path.path))
      for case let file as String in files
      where file.hasSuffix(".swift") && !file.hasPrefix(".build") {
        sources += try String(contentsOf: path.appendingPathComponent(file), encoding: .utf8)
      }
    }
    let shown = try Self.blocks(of: "Docs/\(page).md").filter { $0.language == "swift" }
    #expect(!shown.isEmpty)
    for block in shown {
      let code = block.lines.joined(separator: "\n")
      #expect(sources.contains(code), "\(code)")
    }
  }

  @Test func `the example of an embedding program prints what its page shows`() throws {
    let shown = try Self.blocks(of: "Docs/embedding.md").first { $0.language == "text" }
    let (status, output, complaint) = try call(
      [], shell: "\"$(dirname \"$0\")/Embed\"")
    #expect(status == 0, "\(complaint)")
    let lines = output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let expected = try #require(shown).lines.dropFirst().map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    #expect(lines == expected)
  }

  /// Every page is found from the index, and no link between pages leads nowhere.
  @Test func `the index names every page, and links lead somewhere`() throws {
    let docs = root.appendingPathComponent("Docs")
    let index = try String(contentsOf: docs.appendingPathComponent("README.md"), encoding: .utf8)
    let names = try FileManager.default.contentsOfDirectory(atPath: docs.path)
      .filter { $0.hasSuffix(".md") }
    for name in names where name != "README.md" {
      #expect(index.contains("](\(name))"), "Docs/README.md does not name \(name)")
    }
    for page in names.map({ "Docs/\($0)" }) + ["README.md"] {
      let file = root.appendingPathComponent(page)
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
        let target = file.deletingLastPathComponent().appendingPathComponent(String(match.1))
        #expect(
          FileManager.default.fileExists(atPath: target.path), "\(page): \(match.1) is not there")
      }
    }
  }
}
