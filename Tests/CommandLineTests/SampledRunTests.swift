import Foundation
import Testing

/// A sampled figure must never pass for a simulated one.
@Suite struct SampledRunTests {
  private static let listing = """
    .grid 1600
    .block 32
    .repeat 20
    FADD R1, R2, R3 ;
    .end
    """

  private func run(_ arguments: String...) throws -> (Int32, String, String) {
    try call(["run", "-", "--set", "smCount=1", "--quiet"] + arguments, input: Self.listing)
  }

  @Test func `table, JSON and CSV say that cycles are sampled`() throws {
    let (status, table, _) = try run("--sample", "8")
    #expect(status == 0)
    #expect(table.contains("≈ ") && table.contains("sampled: 128 of 1,600 CTAs were simulated"))

    let (_, json, _) = try run("--sample", "8", "--json", "-")
    let result = try object(json)
    let kernel = try #require((result["kernels"] as? [[String: Any]])?.first)
    let sampled = try #require(kernel["sampled"] as? [String: Any])
    #expect(sampled["simulatedCTAs"] as? Int == 128 && kernel["ctas"] as? Int == 1600)
    #expect(sampled["confidence"] as? Double == 0.95)
    let totals = try #require(result["totals"] as? [String: Any])
    #expect((totals["sampledCycleInterval"] as? [Int])?.count == 2)

    let (_, csv, _) = try run("--sample", "8", "--csv", "-")
    #expect(csv.contains(",simulated_ctas,sampled_low_cycles,sampled_high_cycles,"))
    #expect(csv.contains(",128,"))
  }

  @Test func `a whole run says nothing of the kind`() throws {
    let (_, table, _) = try run()
    #expect(!table.contains("sampled") && !table.contains("≈"))
    let (_, json, _) = try run("--json", "-")
    #expect(!json.contains("sampled"))
  }

  @Test(arguments: ["0", "5", "1001", "many"])
  func `a number of waves that cannot be is a mistake of the call`(waves: String) throws {
    #expect(try run("--sample", waves).0 == 2)
  }
}
