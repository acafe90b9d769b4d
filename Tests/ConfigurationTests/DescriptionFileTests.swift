import Machine
import Testing

@testable import Configuration

@Suite("Description files")
struct DescriptionFileTests {
  @Test("A user's file may give bare values on a shipped base")
  func userFile() throws {
    let folder = try Scratch(["mine.yaml": "base: rtx-a6000\nsmCount: 12\nsm:\n  warps: 32\n"])
    let machine = try MachineDescription.load(
      folder.directory.path + "/mine.yaml", directory: Shipped.directory)
    #expect(machine.name == "mine")
    #expect(machine.spec.smCount == 12)
    #expect(machine.spec.sm.warps == 32)
    let value = try #require(machine.values.first { $0.path == "smCount" })
    #expect(value.origin == .assumed)
    #expect(value.source == "user file")
    #expect(value.line == 2)
  }

  @Test("A bare value in a shipped file is refused")
  func strict() throws {
    let text = try Shipped.resolved.get() + "smCount: 12\n"
    let body = text.split(separator: "\n").filter { !$0.hasPrefix("smCount: {") }
    let folder = try Scratch(["bare.yaml": body.joined(separator: "\n")])
    let error = try #require(throws: ConfigurationError.self) {
      try MachineDescription.load("bare", directory: folder.directory)
    }
    #expect(error.message.contains("smCount has no provenance"))
    #expect(error.line == body.count)
  }

  @Test(
    "A mistake is named with its line and what was expected",
    arguments: [
      ("base: rtx-a6000\nsm:\n  warp: 32\n", 3, "unknown name 'sm.warp'; did you mean sm.warps?"),
      ("base: rtx-a6000\n\nsm:\n  warps: many\n", 4, "sm.warps must be a whole number"),
      ("base: rtx-a6000\nsm:\n  warps: 1.5\n", 3, "sm.warps must be a whole number"),
      ("base: rtx-a6000\nsm:\n  warps: 65\n", 3, "must lie between 1 and 64, not 65"),
      ("base: rtx-a6000\nsm:\n  warps: 8\n  warps: 9\n", 4, "'warps' is given twice"),
      ("base: rtx-a6000\n---\nsmCount: 8\n", 2, "a second document begins here"),
      (String(repeating: "- ", count: 100) + "a\n", 1, "is nested too deeply"),
      ("base: rtx-a6000\nsm: 5\n", 2, "'sm' is a group of values"),
      ("base: rtx-a6000\nsmCount: [1, 2]\n", 2, "smCount must be a whole number"),
      ("base: rtx-a6000\nsmCount: { value: 8, guessed: me }\n", 2, "'guessed' is no origin"),
      ("base: rtx-a6000\nsmCount: { value: 8 }\n", 2, "needs an origin"),
      ("base: rtx-a6000\nsmCount: { value: 8, assumed: '' }\n", 2, "must name its source"),
      ("base: rtx-a6000\nsmCount: { value: 8, assumed: a, fitted: b }\n", 2, "two origins"),
      ("base: rtx-a6000\nsmCount:\n", 2, "a value is one word or number"),
      ("base: rtx-a6000\nsmCount: { value: { a: 1 }, assumed: x }\n", 2, "one word or number"),
      ("base: nowhere\n", 1, "its base 'nowhere' does not exist"),
      ("smCount: 8\nbase: [a]\n", 2, "base must be the name"),
      ("base: rtx-a6000\nsm: &a { warps: 8 }\nother: *a\n", 3, "aliases are not allowed"),
      ("- a\n- b\n", 1, "a mapping of names to values"),
      ("base: rtx-a6000\nsm: [\n", 3, "did not find expected node content"),
      ("\n# nothing\n", 1, "is empty"),
      ("smCount: 8\n", nil, "values are missing: name, architecture, validation and"),
      ("base: rtx-a6000\na.b: 1\n", 2, "plain text without dots"),
    ] as [(String, Int?, String)])
  func mistakes(text: String, line: Int?, message: String) throws {
    let error = try #require(try Shipped.error(loading: text))
    #expect(error.kind == .data)
    #expect(error.message.contains(message), "\(error)")
    #expect(error.file?.hasSuffix("mine.yaml") == true)
    if let line { #expect(error.line == line, "\(error)") }
  }

  @Test("Bases that lead back to themselves are refused")
  func cycles() throws {
    let folder = try Scratch([
      "a.yaml": "base: b\n", "b.yaml": "base: families/c\n", "families/c.yaml": "base: a\n",
      "self.yaml": "base: self\n",
    ])
    for name in ["a", "self"] {
      let error = try #require(throws: ConfigurationError.self) {
        try MachineDescription.load(name, directory: folder.directory)
      }
      #expect(error.message.contains("leads back to itself"), "\(error)")
    }
  }

  @Test("A file that is not there is bad data, a folder without descriptions wrong usage")
  func absent() throws {
    let error = try #require(throws: ConfigurationError.self) { try Shipped.load("no/such.yaml") }
    #expect(error.kind == .data)
    let folder = try Scratch()
    let other = try #require(throws: ConfigurationError.self) {
      try MachineDescription.load("rtx-a6000", directory: folder.directory)
    }
    #expect(other.kind == .usage)
    #expect(other.message.contains("NEEDLETAIL_CONFIGS"))
  }
}
