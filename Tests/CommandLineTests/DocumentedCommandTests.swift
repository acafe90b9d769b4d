import Foundation
import Testing

/// The commands in the pages work as they stand, in the order of the page.
@Suite struct DocumentedCommandTests {
  /// Pages whose commands have tests of their own.
  private static let elsewhere: Set = ["sweeps.md", "clusters.md", "sampling.md"]

  static let pages: [String] = {
    let names =
      (try? FileManager.default.contentsOfDirectory(
        atPath: root.appendingPathComponent("Docs").path)) ?? []
    let pages = names.filter { $0.hasSuffix(".md") && !elsewhere.contains($0) }.map { "Docs/\($0)" }
    return (pages + ["README.md"]).filter { (try? DocumentedPage($0).commands.isEmpty) == false }
      .sorted()
  }()

  @Test(arguments: pages)
  func `a page's commands run and print what it shows`(page: String) throws {
    let folder = try ScratchFolder()
    try folder.linkTraces()
    for command in try DocumentedPage(page).commands {
      if command.text.hasPrefix("cat "), !command.text.contains("\n") {
        // The page shows a file that it then uses.
        try folder.write(
          String(command.text.dropFirst(4)), command.shown.joined(separator: "\n") + "\n")
        continue
      }
      let (status, output, complaint) = try call(
        [folder.url.path],
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
    let shown = try DocumentedPage("Docs/\(page).md").blocks.filter { $0.language == "swift" }
    #expect(!shown.isEmpty)
    for block in shown {
      let code = block.lines.joined(separator: "\n")
      #expect(sources.contains(code), "\(code)")
    }
  }

  @Test func `the example of an embedding program prints what its page shows`() throws {
    let shown = try DocumentedPage("Docs/embedding.md").blocks.first { $0.language == "text" }
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
