import Machine
import Testing

@testable import Configuration

@Suite("Schema")
struct SchemaTests {
  private struct Example: Codable {
    enum Colour: String, Codable, CaseIterable { case red, green }
    struct Inner: Codable {
      var size: Bytes
      var sizes: [Bytes]
    }
    var count: Int
    var share: Double
    var on: Bool
    var title: String
    var clock: Megahertz
    var colour: Colour
    var inner: Inner
    var later: Int?
  }

  @Test("Names and kinds are read off the types, in the order of declaration")
  func fields() throws {
    let schema = try Schema(of: Example.self)
    #expect(
      schema.fields == [
        .init(path: "count", kind: .wholeNumber), .init(path: "share", kind: .number),
        .init(path: "on", kind: .truth), .init(path: "title", kind: .text),
        .init(path: "clock", kind: .frequency),
        .init(path: "colour", kind: .choice(Schema.Choices(Example.Colour.self))),
        .init(path: "inner.size", kind: .size),
        .init(path: "inner.sizes", kind: .size, isList: true),
        .init(path: "later", kind: .wholeNumber),
      ])
    #expect(Schema.Choices(Example.Colour.self).names == ["red", "green"])
  }

  @Test("Every range and rule in the table stands for a value that exists")
  func rangesExist() throws {
    let schema = try Schema(of: GPUSpec.self)
    for path in SpecRanges.powersOfTwo { #expect(schema.paths.contains(path), "\(path)") }
    for path in SpecRanges.paths {
      #expect(schema.paths.contains { $0 == path || $0.hasPrefix(path + ".") }, "\(path)")
    }
  }
}
