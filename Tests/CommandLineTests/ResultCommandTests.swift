import Foundation
import Testing

/// `run --profile`, `diff` and `report` on small runs.
@Suite struct ResultCommandTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func path(_ name: String) -> String { folder.path(name) }

  private func run(_ name: String, _ more: [String] = []) throws -> String {
    let (status, _, complaint) = try call(
      ["run", "Traces/bottlenecks/registers.sass", "--json", path(name), "--profile"] + more)
    #expect(status == 0, "\(complaint)")
    return path(name)
  }

  private func kernel(_ file: String) throws -> [String: Any] {
    let result = try object(String(contentsOfFile: file, encoding: .utf8))
    return try #require((result["kernels"] as? [[String: Any]])?.first)
  }

  @Test func `a profile stands in the JSON and its sums agree`() throws {
    let kernel = try kernel(run("a.json"))
    let profile = try #require(kernel["profile"] as? [String: Any])
    let stalls = try #require(kernel["stalls"] as? [String: Int])
    let lines = try #require(profile["instructions"] as? [[String: Any]])
    let sms = try #require(profile["sms"] as? [[String: Any]])
    for (reason, cycles) in stalls {
      func sum(_ rows: [[String: Any]]) -> Int {
        rows.reduce(0) { $0 + (($1["stalls"] as? [String: Int])?[reason] ?? 0) }
      }
      #expect(sum(lines) == cycles && sum(sms) == cycles, "\(reason)")
    }
    let first = try #require(lines.first)
    #expect(first["sass"] as? String == "FFMA R8, R4.reuse, R6.reuse, R8")
    #expect(first["control"] as? String == "[B------:R-:W-:Y:S02]")
    let places = try #require(profile["bottlenecks"] as? [[String: Any]])
    #expect(places.contains { ($0["text"] as? String)?.contains("register-file cache") == true })
  }

  @Test func `a difference begins with cycles and names its reason`() throws {
    let a = try run("a.json")
    let b = try run("b.json", ["--set", "sm.registerFile.readPorts=3"])
    let (status, text, complaint) = try call(["diff", a, b])
    #expect(status == 0 && complaint.isEmpty)
    let before = try #require(kernel(a)["cycles"] as? Int)
    let after = try #require(kernel(b)["cycles"] as? Int)
    #expect(after < before)
    #expect(text.contains("B takes "))
    let sentence = try #require(text.split(separator: "\n").first { $0.hasPrefix("kernel 1,") })
    #expect(sentence.contains("less in"))
    #expect(text.contains("registerFile.portStalls") && text.contains("waiting at PC"))
    #expect(text.contains("sm.registerFile.readPorts=3"))
    let same = try call(["diff", a, a]).1
    #expect(same.contains("kernel 1, registers: no difference"))
  }

  @Test func `a page of results has no reference outside itself`() throws {
    let files = try [1, 2].flatMap { ports in
      try ["true", "false"].map { cache in
        try run(
          "\(ports)\(cache).json",
          [
            "--set", "sm.registerFile.readPorts=\(ports)", "--set",
            "sm.registerFile.cache=\(cache)",
          ])
      }
    }
    let (status, _, complaint) = try call(["report"] + files + ["-o", path("page.html")])
    #expect(status == 0 && complaint.isEmpty)
    let page = try folder.read("page.html")
    for reference in ["src=", "http", "@import", "url(", "<script", "{{"] {
      #expect(!page.contains(reference), "\(reference)")
    }
    // Every link leads to a place in the page.
    for link in page.components(separatedBy: "href=\"#").dropFirst() {
      let name = link.prefix { $0 != "\"" }
      #expect(page.contains("id=\"\(name)\""), "\(name)")
    }
    #expect(page.contains("table class=\"map\"") && page.contains("Pareto"))
    #expect(page.contains("Roofline") && page.contains("FFMA R8, R4.reuse, R6.reuse, R8"))
  }

  @Test(arguments: [
    ("{", "no JSON"), ("{\"schemaVersion\": 1}", "'simulator' is missing"), ("", "no JSON"),
    ("{\"totals\": [{\"cycles\": 1e17}]}", "'totals.cycles' is larger than any count of a run"),
  ]) func `what is no result is one line and status 65`(text: String, reason: String) throws {
    try folder.write("x.json", text)
    for arguments in [
      ["diff", path("x.json"), path("x.json")], ["report", path("x.json"), "-o", path("y.html")],
      ["diff", path("none.json"), path("x.json")],
    ] {
      let (status, output, complaint) = try call(arguments)
      #expect(status == 65 && output.isEmpty)
      expectComplaint(complaint, folder.url.path)
      #expect(arguments[1].hasSuffix("none.json") || complaint.contains(reason), "\(complaint)")
    }
  }
}
