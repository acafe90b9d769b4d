import Foundation
import Testing

import Simulation
@testable import Validation

@Suite struct MeasurementTests {
  @Test func `quotes, commas and line breaks within fields`() throws {
    let text = try CSVText(Array("a,\"b,\"\"c\"\"\"\n\"d\ne\",f\r\n\ng,".utf8))
    #expect(
      text.records == [
        .init(line: 1, fields: ["a", "b,\"c\""]), .init(line: 2, fields: ["d\ne", "f"]),
        .init(line: 5, fields: ["g", ""]),
      ])
  }

  @Test(arguments: [
    ("a\n\"b", 2, "a quote is not closed"), ("a\nb\"c\"", 2, "a quote stands within a field"),
    ("\"a\"b", 1, "text follows a closing quote"),
  ]) func `damaged text says where`(text: String, line: Int, message: String) {
    #expect(throws: CSVError(line: line, message: message)) { try CSVText(Array(text.utf8)) }
  }

  private static let header =
    "row,gpu,benchmark,metric,value,unit,clock_MHz,tool,trust,source,caveat"

  @Test func `a table gives its rows by number`() throws {
    let table = try MeasurementTable(
      Array((Self.header + ",KiB\n7,A40,b,m,1.5,clk,1740,t,A,s,c,64\n").utf8), file: "t.csv")
    let row = try #require(table[7])
    #expect(row.value == 1.5 && row.clock == 1740 && row.number("KiB") == 64 && row.line == 2)
    #expect(table[8] == nil)
  }

  @Test(arguments: [
    ("", "t.csv:1: is empty"), ("row,gpu\n", "t.csv:1: has no column 'benchmark'"),
    (header + "\n", "t.csv:1: has no rows"),
    (header + "\n1,g,b,m,x,u,,t,A,s,\n", "t.csv:2: row 1: the value 'x' is no number"),
    (header + "\n1,g,b,m,1,u,,t,A,s\n", "t.csv:2: has 10 fields instead of 11"),
    (header + "\n1,g,b,m,1,u,fast,t,A,s,\n", "t.csv:2: row 1: the clock 'fast'"),
    (header + "\n1,g,b,m,1,u,,t,Z,s,\n", "t.csv:2: row 1: the trust 'Z'"),
    (header + "\nx,g,b,m,1,u,,t,A,s,\n", "t.csv:2: 'x' is no row number"),
    (header + "\n1,g,b,m,1,u,,t,A,,\n", "t.csv:2: row 1 has no source"),
    (
      header + "\n1,g,b,m,1,u,,t,A,s,\n1,g,b,m,1,u,,t,A,s,\n", "t.csv:3: row 1 is there twice"
    ),
  ]) func `a damaged table says where`(text: String, message: String) {
    #expect {
      try MeasurementTable(Array(text.utf8), file: "t.csv")
    } throws: {
      "\($0)".hasPrefix(message)
    }
  }

  /// The examples of FIPS 180-4, and lengths around a block's end.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      String(repeating: "a", count: 64),
      "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"
    ),
  ]) func `SHA-256`(message: String, digest: String) {
    #expect(SHA256.hexadecimal(of: Array(message.utf8)) == digest)
  }

  @Test func `an edited file differs from its checksum`() throws {
    let folder = try SampleFolder()
    let table = folder.path("m.csv")
    try folder.write("m.csv", SampleFolder.measurements)
    let sum = SHA256.hexadecimal(of: Array(SampleFolder.measurements.utf8))
    try folder.write("SHA256SUMS", "\(sum)  m.csv\n")
    #expect(try MeasurementTable(file: table).rows.count == 3)
    try folder.write("m.csv", SampleFolder.measurements.replacing("A40,a,m,8", with: "A40,a,m,9"))
    #expect {
      try MeasurementTable(file: table)
    } throws: {
      "\($0)".contains("a measurement was edited")
    }
    try folder.write("m.csv", SampleFolder.measurements)
    try folder.write("SHA256SUMS", "nonsense\n")
    #expect {
      try MeasurementTable(file: table)
    } throws: {
      "\($0)".hasSuffix("SHA256SUMS:1: is no line of sha256sum")
    }
  }
}
