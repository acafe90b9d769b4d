import Foundation
import ISA
import Testing

@testable import Traces

/// A `.traceg` of one warp a CTA, from its instruction lines.
func accelSimText(
  version: Int = 3, grid: String = "(1,1,1)", architecture: Int = 86, _ lines: [String]
) -> String {
  """
  -kernel name = small
  -grid dim = \(grid)
  -block dim = (32,1,1)
  -binary version = \(architecture)
  -accelsim tracer version = \(version)
  #traces format
  #BEGIN_TB
  thread block = 0,0,0
  warp = 0
  insts = \(lines.count)
  \(lines.joined(separator: "\n"))
  #END_TB

  """
}

/// What `source` is imported as, through a file of its own.
func imported(_ source: String) throws -> (kernel: MemorySink.Kernel, report: ImportReport) {
  let scratch = try Scratch()
  var sink = MemorySink()
  let report = try TraceImporter.importTrace(
    from: try scratch.write("kernel-1.traceg", source), into: &sink)
  return (try #require(sink.kernels.first), report)
}

private func code(version: Int = 3, architecture: Int = 86, _ lines: String...) throws -> [String] {
  try imported(accelSimText(version: version, architecture: architecture, lines))
    .kernel.code.map(\.text)
}

@Suite struct AccelSimTextTests {
  @Test func `operands stand where SASS has them`() throws {
    let text = try code(
      "0000 ffffffff 1 R4 FFMA 3 R4 R2 R255 0",
      "0010 00000001 1 R2 LDG.E.64 1 R2 8 2 0x100",
      "0020 00000001 0 STG.E.64 2 R14 R4 8 2 0x100",
      "0030 00000001 1 R0 LDS 1 R5 4 2 0x10",
      "0040 00000001 0 LDGSTS.E.128 2 R5 R2 16 2 0x100",
      "0050 00000001 1 R1 ATOMG.E.ADD 2 R2 R6 4 2 0x100",
      "0060 ffffffff 1 R3 LDC 1 R7 0",
      "0070 ffffffff 1 R3 SHFL.BFLY 1 R7 0",
      "0080 ffffffff 0 BAR.SYNC 0 0",
      "0090 ffffffff 0 ISETP.GE.AND 1 R0 0")
    #expect(
      text == [
        "FFMA R4, R4, R2, RZ", "LDG.E.64 R2, [R2.64]", "STG.E.64 [R14.64], R4", "LDS R0, [R5]",
        "LDGSTS.E.128 [R5], [R2.64]", "ATOMG.E.ADD R1, [R2.64], R6", "LDC R3, c[0x0][R7]",
        "SHFL.BFLY R3, R7", "BAR.SYNC 0x0", "ISETP.GE.AND P0, R0",
      ])
  }

  @Test func `the immediate of a counter wait is kept from version 5 on`() throws {
    #expect(try code(version: 5, "0000 ffffffff 0 DEPBAR.LE 0 0 1") == ["DEPBAR.LE SB0, 0x1"])
    #expect(try code(version: 4, "0000 ffffffff 0 DEPBAR.LE 0 0") == ["DEPBAR.LE SB0"])
  }

  @Test func `an exit that some lanes survive, and what no lane executes, have a guard`() throws {
    let text = try code(
      "0000 0000000f 0 EXIT 0 0", "0010 00000000 1 R1 MOV 1 R2 0", "0020 00000010 0 EXIT 0 0")
    #expect(text == ["@P0 EXIT", "@P0 MOV R1, R2", "EXIT"])
  }

  @Test func `a branch that is always taken has no guard`() throws {
    let text = try code("0000 ffffffff 0 BRA 0 0", "0040 ffffffff 0 EXIT 0 0")
    #expect(text == ["BRA", "EXIT"])
  }

  @Test func `stepping over the control words of Pascal is falling through`() throws {
    let text = try code(
      architecture: 61, "0018 ffffffff 0 BRA 0 0", "0028 ffffffff 0 BRA 0 0",
      "0030 ffffffff 0 EXIT 0 0")
    #expect(text == ["BRA", "BRA", "EXIT"])
  }

  @Test func `one pc with two opcodes is two instructions, at two places`() throws {
    let (kernel, report) = try imported(
      accelSimText([
        "0000 ffffffff 0 CALL.REL 0 0", "0000 ffffffff 1 R1 MOV 0 0", "0010 ffffffff 0 RET 0 0",
        "0000 ffffffff 1 R1 MOV 0 0", "0010 ffffffff 0 EXIT 0 0",
      ]))
    #expect(kernel.code.map(\.text) == ["CALL.REL", "MOV R1", "RET", "EXIT"])
    #expect(kernel.code.map(\.pc) == [0, 128, 16, 144])
    #expect(kernel.ctas[0].warps[0].map(\.index) == [0, 1, 2, 1, 3])
    #expect(report.warnings.joined().contains("2 pcs have several opcodes"))
  }
}

@Suite struct AccelSimVersionTests {
  @Test(arguments: [1, 2]) func `early lines begin with four numbers`(version: Int) throws {
    let lines = ["0 0 0 0 0000 ffffffff 1 R1 MOV 0 0", "0 0 0 0 0010 ffffffff 0 EXIT 0 0"]
    let kernel = try imported(accelSimText(version: version, lines)).kernel
    #expect(kernel.code.map(\.text) == ["MOV R1", "EXIT"])
    #expect(kernel.ctas[0].warps[0].map(\.mask) == [.max, .max])
  }

  @Test func `version 6 has predicates, uniform registers, values and two immediates`() throws {
    let text = try code(
      version: 6, architecture: 90,
      "0000 ffffffff 1 P1 ISETP.GE.AND 2 R0 UR4 0 0 0 NoVal",
      "0010 00000001 1 R2 LDG.E 2 UR4 R2 4 2 0x100 0 0 Val 1 7f 1 3 1 4",
      "0020 00000001 1 R2 LDG.E 2 R2 UR6 4 2 0x100 0 0 NoVal",
      "0030 00000001 0 STS 2 UR8 R3 4 2 0x10 0 0 NoVal",
      "0040 ffffffff 1 R24 HGMMA.64x64x16.F32 2 R24 UR8 1 0 0 0 NoVal",
      "0050 ffffffff 0 DEPBAR.LE 0 0 2 0 NoVal",
      "0060 ffffffff 1 P7 PLOP3.LUT 1 UP7 0 0 0 NoVal")
    #expect(
      text == [
        "ISETP.GE.AND P1, R0, UR4", "LDG.E R2, desc[UR4][R2.64]", "LDG.E R2, [R2.64+UR6]",
        "STS [UR8], R3", "HGMMA.64x64x16.F32 R24, R24, UR8", "DEPBAR.LE SB0, 0x2",
        "PLOP3.LUT PT, UPT",
      ])
  }

  @Test(arguments: [
    "16 8000 0 4096 0 2 0x7f00", "16 8000 1 3 4096 0 3 2 0x7f00 0x8f00",
    "16 8000 0 4096 0 4 0x7f00 2 64", "16 2 0x7f00",
  ]) func `of a bulk copy the first address is kept, with a warning`(tail: String) throws {
    let (kernel, report) = try imported(
      accelSimText(
        version: 6, architecture: 90, ["0000 00000001 0 UTMALDG.2D 2 UR8 UR4 \(tail) 0 0 NoVal"]))
    #expect(kernel.ctas[0].warps[0][0].addresses == [[0x7f00]])
    #expect(report.warnings.joined().contains("bulk copies"))
  }

  @Test func `clusters are read over, with a warning`() throws {
    let text = accelSimText(version: 6, architecture: 90, ["0000 ffffffff 0 EXIT 0 0 0 0 NoVal"])
      .replacing(
        "\nwarp = 0", with: "\ncluster id = 0,0,0\ncluster cta = 1,0,0\ncluster rank = 1\nwarp = 0")
    #expect(try imported(text).report.warnings.joined().contains("clusters"))
  }

  @Test func `a later version is refused`() {
    #expect(throws: TraceError.self) { try imported(accelSimText(version: 7, [])) }
  }
}

@Suite struct AccelSimAddressTests {
  private func addresses(_ mask: String, _ tail: String) throws -> [UInt64] {
    let line = "0000 \(mask) 1 R2 LDG.E 1 R2 4 \(tail)"
    return try imported(accelSimText([line])).kernel.ctas[0].warps[0][0].addresses.first ?? []
  }

  @Test func `a single lane has no difference`() throws {
    #expect(try addresses("00000100", "2 0x7f0000000010") == [0x7f00_0000_0010])
  }

  @Test func `differences lead anywhere, and wrap`() throws {
    let far = try addresses("00000007", "2 0x10 9223372036854775807 -9223372036854775808")
    #expect(far == [0x10, 0x8000_0000_0000_000f, 0xf])
  }

  @Test func `a stride may be negative or nought`() throws {
    #expect(try addresses("00000007", "1 0x100 -16") == [0x100, 0xf0, 0xe0])
    #expect(try addresses("00000007", "1 0x100 0") == [0x100, 0x100, 0x100])
  }

  @Test func `a list needs no prefix, and one address for each lane`() throws {
    #expect(try addresses("80000001", "0 00000000deadbeef 0x4") == [0xdead_beef, 4])
    #expect(throws: TraceError.self) { try addresses("80000003", "0 0x4 0x8") }
  }

  @Test func `no lane, no address`() throws {
    for tail in ["0", "1 0x0 0", "2 0x0"] {
      #expect(try addresses("00000000", tail) == [])
    }
  }

  @Test(arguments: ["2 0x10 18446744073709551616", "2 0x1ffffffffffffffff", "1 0x10 x", "7 0x10"])
  func `numbers that do not fit are refused`(tail: String) {
    #expect(throws: TraceError.self) { try addresses("00000003", tail) }
  }
}

@Suite struct AccelSimDamageTests {
  private static let good = accelSimText([
    "0000 ffffffff 1 R1 MOV 0 0", "0010 0000000f 1 R2 LDG.E 1 R2 4 2 0x100 4 4 8",
    "0020 ffffffff 0 EXIT 0 0",
  ])

  @Test(arguments: [
    ("insts = 3", "insts = 3\ninsts = 3", "twice"), ("insts = 3", "insts = x", "no number"),
    ("insts = 3", "insts = 99999999999999999999", "no number"),
    ("insts = 3\n", "", "more instructions"), ("thread block = 0,0,0\n", "", "no 'thread block'"),
    ("0,0,0", "1,0,0", "outside the grid"), ("warp = 0\n", "", "without a warp"),
    ("#BEGIN_TB", "#BEGIN_TB\n#BEGIN_TB", "within another"), ("#BEGIN_TB\n", "", "out of place"),
    ("0010 ", "0011 ", "pc"), ("(32,1,1)", "(4294967295,4294967295,9)", "not possible"),
    ("(32,1,1)", "(32,1,1,1)", "not (x,y,z)"), ("version = 86", "version = 9999", "9999"),
    ("0 EXIT", "999999 EXIT", "destinations"), ("0000 ffffffff", "0000 fffffffff", "mask"),
  ]) func `what is wrong is said, with its line`(from: String, to: String, why: String) {
    do {
      _ = try imported(Self.good.replacing(from, with: to, maxReplacements: 1))
      Issue.record("no error for \(to)")
    } catch let error as TraceError {
      #expect(error.message.contains(why), "\(error)")
      #expect(error.line != nil)
    } catch { Issue.record("\(error)") }
  }

  @Test func `a grid that was traced in part gives a warning`() throws {
    let text = Self.good.replacing("(1,1,1)", with: "(4,1,1)")
    #expect(
      try imported(text).report.warnings.joined().contains("1 CTAs were traced of a grid of 4"))
  }

  @Test func `words, numbers and lines in the wrong place never trap`() throws {
    let scratch = try Scratch()
    let good =
      accelSimText(
        version: 6, architecture: 90,
        [
          "0000 0000000f 1 R2 LDG.E 1 R2 4 2 0x100 4 4 8 0 0 NoVal",
          "0010 0000000f 1 R2 LDG.E 2 R2 UR4 4 1 0x100 4 0 0 NoVal",
          "0020 00000003 0 STS 2 R2 R3 4 0 0x100 0x4 0 0 NoVal",
          "0030 00000001 0 UTMALDG.2D 2 UR8 UR4 16 8000 0 4096 0 3 1 0x7f00 0 0 NoVal",
          "0040 ffffffff 1 R24 HGMMA.64x64x16.F32 2 R24 UR8 1 0 0 0 NoVal",
        ]
      )
      .split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.split(separator: " ").map(String.init) }
    let numbers = [
      "0", "-1", "1", "32", "ffffffff", "18446744073709551615", "9223372036854775807",
      "-9223372036854775808", "99999999999999999999999", "0x", "-", "=", "R255", "1000000",
    ]
    var random = Random(7)
    for _ in 0..<3000 {
      var lines = good
      for _ in 0...random.below(3) {
        let line = random.below(lines.count)
        switch random.below(6) {
        case 0: lines.remove(at: line)
        case 1: lines.insert(lines[random.below(lines.count)], at: line)
        case 2: lines.swapAt(line, random.below(lines.count))
        default:
          guard !lines[line].isEmpty else { continue }
          let word = random.below(lines[line].count)
          if random.below(3) == 0 {
            lines[line].remove(at: word)
          } else {
            lines[line][word] = numbers[random.below(numbers.count)]
          }
        }
      }
      let text = lines.map { $0.joined(separator: " ") }.joined(separator: "\n")
      let path = try scratch.write("kernel-1.traceg", text)
      var sink = MemorySink()
      do { _ = try TraceImporter.importTrace(from: path, into: &sink) } catch is TraceError {}
    }
  }
}
