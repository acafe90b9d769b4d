import Foundation
import Testing

/// Runs the commands of the pages about sweeps, in order, and holds what they print against the
/// pages.
@Suite struct SweepPageTests {
  /// A folder where the pages' paths lead to the shipped sweep with little to simulate.
  private func folder() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try folder.linkTraces()
    let sweeps = folder.url.appendingPathComponent("Docs/sweeps")
    try FileManager.default.createDirectory(at: sweeps, withIntermediateDirectories: true)
    for name in ["register-file.sh", "parallel.sh", "register-file.yaml"] {
      try FileManager.default.copyItem(
        at: root.appendingPathComponent("Docs/sweeps/\(name)"),
        to: sweeps.appendingPathComponent(name))
    }
    let sweep = "Docs/sweeps/register-file.yaml"
    try folder.write(sweep, folder.read(sweep) + "set: { smCount: 1 }\nmaxCycles: 2500\n")
    let wrapper = """
      #!/bin/sh
      [ "$1" = run ] && exec '\(program.path)' "$@" --set smCount=1 --max-cycles 2500
      exec '\(program.path)' "$@"

      """
    try folder.writeProgram("needletail", wrapper)
    return folder
  }

  @Test(arguments: ["sweeps.md", "clusters.md"])
  func `the commands of a page do what it shows`(page: String) throws {
    let folder = try folder()
    let examples = try DocumentedPage("Docs/\(page)").commands
    #expect(examples.count >= 3)
    for example in examples {
      // Tests/Slurm/run needs a cluster.
      if example.text.hasSuffix("--engine slurm") { continue }
      if example.text.contains("parallel.sh"),
        !FileManager.default.isExecutableFile(atPath: "/usr/bin/parallel")
      {
        continue
      }
      let (code, text, complaint) = try call(
        [folder.url.path, example.text],
        environment: ["HOME": folder.url.path, "NEEDLETAIL_CONFIGS": root.path + "/Configs"],
        shell: "cd \"$1\" && PATH=$PWD:$PATH && eval \"$2\"")
      #expect(code == 0, "\(example.text): \(complaint)")
      for (shown, line) in zip(example.shown, text.split(separator: "\n")) {
        // Paths are shown relative to the folder; `…` stands for anything.
        let said = line.replacing(folder.url.path + "/", with: "")
        let start = shown.prefix { $0 != "…" }
        #expect(said.hasPrefix(start), "\(example.text): \(said)")
        #expect(shown.contains("…") || said == shown, "\(example.text): \(said)")
      }
    }
  }
}
