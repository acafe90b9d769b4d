import Foundation
import Testing

/// `run --timeline` and `--pipeline`: large files, which never cost a run's results.
@Suite struct TimelineCommandTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// So many turns of the loop make more events than a run keeps in memory.
  private static let many = 550

  private func run(
    _ more: [String], turns: Int = 2, shell: String? = nil
  ) throws -> (Int32, String, String) {
    let listing = """
      .block 1024
      .loop \(turns)
      .repeat 16 i
      [B------:R-:W-:-:S04] FFMA R{40+2*i}, R4, R6, R8
      .end
      .end

      """
    let arguments = ["run", try folder.write("loop.sass", listing), "--set", "smCount=1"]
    return try call(arguments + more, shell: shell)
  }

  private func expectResults(
    _ table: String, _ complaint: String, _ beginning: String,
    at location: SourceLocation = #_sourceLocation
  ) throws {
    #expect(table.contains(" warp instructions replayed in "), sourceLocation: location)
    expectComplaint(complaint, beginning, at: location)
    #expect(try folder.read("r.json").contains("\"totals\""), sourceLocation: location)
  }

  @Test func `events that find no room cost no result and leave nothing`() throws {
    let more = ["--timeline", folder.path("t"), "--json", folder.path("r.json")]
    let (status, table, complaint) = try run(
      more, turns: Self.many, shell: "ulimit -f 10000; exec \"$0\" \"$@\"")
    #expect(status == 1)
    try expectResults(table, complaint, "\(folder.url.path): a part of the timeline")
    #expect(complaint.contains("(File too large)"))
    #expect(try folder.names() == ["loop.sass", "r.json"])
  }

  @Test(arguments: ["--timeline", "--pipeline"])
  func `a file that cannot be written costs no result and leaves nothing`(option: String) throws {
    try folder.write("old", "old")
    for (place, limit, reason) in [
      ("/dev/full", "", "No space left on device"), ("/nope/x", "", "No such file or directory"),
      (folder.url.path, "", "Is a directory"),
      (folder.path("old"), "ulimit -f 8;", "File too large"),
    ] {
      let (status, table, complaint) = try run(
        [option, place, "--json", folder.path("r.json")], shell: limit + "exec \"$0\" \"$@\"")
      #expect(status == 1)
      try expectResults(table, complaint, "\(place): cannot be ")
      #expect(complaint.contains("(\(reason))"), "\(complaint)")
      #expect(try folder.names() == ["loop.sass", "old", "r.json"])
      #expect(try folder.read("old") == "old")
    }
  }

  @Test func `one file that cannot be written does not keep the other from it`() throws {
    let (status, _, complaint) = try run([
      "--timeline", "/dev/full", "--pipeline", folder.path("p"),
    ])
    #expect(status == 1)
    expectComplaint(complaint, "/dev/full: ")
    #expect(try folder.read("p").hasPrefix("Kanata\t0004\n"))
  }

  @Test func `a run that is killed leaves no file`() throws {
    let (status, table, _) = try run(
      ["--timeline", folder.path("t"), "--pipeline", folder.path("p")], turns: 8000,
      shell: "timeout -s KILL 1 \"$0\" \"$@\"")
    #expect(status == SIGKILL && table.isEmpty)
    #expect(try folder.names() == ["loop.sass"])
  }

  @Test func `a pipe gets nothing but the view, and a link's file is replaced whole`() throws {
    let (status, view, complaint) = try run(["--pipeline", "-"])
    #expect(status == 0 && complaint.isEmpty)
    #expect(view.hasPrefix("Kanata\t0004\n") && view.hasSuffix("\t0\n"))
    try folder.write("old", view + view)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link"), withDestinationPath: folder.path("old"))
    for option in ["--pipeline", "--csv"] {
      #expect(try run([option, folder.path("link")]).0 == 0)
      let (_, text, _) = try run([option, "-"])
      #expect(try folder.read("old") == text)
    }
  }
}
