import Testing

@testable import Emulator

/// Instructions on halves and bytes of a word, against arithmetic on each part by itself.
@Suite struct PackedIntegerTests {
  private static let edges: [UInt32] = [
    0, 0x8000_8000, 0x7fff_7fff, 0xffff_ffff, 0x8080_8080, 0x0001_0001, 0x7f7f_7f7f,
  ]

  private static func words(_ seed: UInt64) -> [UInt32] {
    var samples = Samples(seed: seed)
    return (0..<32).map {
      $0 < edges.count ? edges[($0 + Int(seed)) % edges.count] : samples.word()
    }
  }

  private static func parts(
    _ bits: Int, isSigned: Bool, _ words: [UInt32], _ body: ([Int]) -> Int
  ) -> UInt32 {
    var result: UInt32 = 0
    let mask = UInt32(1 << bits - 1)
    for shift in stride(from: 0, to: 32, by: bits) {
      let values = words.map { word -> Int in
        let part = Int(word >> UInt32(shift) & mask)
        return isSigned && part >> (bits - 1) == 1 ? part - (1 << bits) : part
      }
      result |= (UInt32(truncatingIfNeeded: body(values)) & mask) << UInt32(shift)
    }
    return result
  }

  /// What a part of the sum means, read again in its width.
  private static func wrapped(_ value: Int, _ bits: Int, _ isSigned: Bool) -> Int {
    let low = value & (1 << bits - 1)
    return isSigned && low >> (bits - 1) == 1 ? low - (1 << bits) : low
  }

  struct Row: Sendable, CustomTestStringConvertible {
    let text: String
    let bits: Int
    let isSigned: Bool
    let body: @Sendable ([Int]) -> Int
    var testDescription: String { text }

    init(
      _ text: String, _ bits: Int, _ isSigned: Bool, _ body: @escaping @Sendable ([Int]) -> Int
    ) {
      (self.text, self.bits, self.isSigned, self.body) = (text, bits, isSigned, body)
    }
  }

  static let rows: [Row] = [
    Row("VIADD.16x2 R8, R16, R17", 16, false) { $0[0] + $0[1] },
    Row("VIADD.16x2 R8, R16, -R17", 16, false) { $0[0] - $0[1] },
    Row("VIADD.16x2 R8, -R16, RZ", 16, false) { -$0[0] },
    Row("VIADD.U8x4 R8, R16, -R17", 8, false) { $0[0] - $0[1] },
    Row("VIADD R8, R16, -R17", 32, false) { $0[0] - $0[1] },
    Row("VIMNMX.S16x2 R8, R16, R17, !PT", 16, true) { max($0[0], $0[1]) },
    Row("VIMNMX.U16x2 R8, R16, R17, PT", 16, false) { min($0[0], $0[1]) },
    Row("VIMNMX.S16x2.RELU R8, R16, R17, PT", 16, true) { max(0, min($0[0], $0[1])) },
    Row("VIMNMX.U8x4 R8, R16, R17, !PT", 8, false) { max($0[0], $0[1]) },
    Row("VIMNMX.S32.RELU R8, R16, R17, !PT", 32, true) { max(0, $0[0], $0[1]) },
    Row("VIMNMX3.U16x2 R8, R16, R17, R18, !PT", 16, false) { max($0[0], $0[1], $0[2]) },
    Row("VIMNMX3.S16x2.RELU R8, R16, R17, R18, PT", 16, true) { max(0, min($0[0], $0[1], $0[2])) },
    Row("VIMNMX3.RELU R8, R16, R17, R18, !PT", 32, true) { max(0, $0[0], $0[1], $0[2]) },
    Row("VIADDMNMX.S16x2 R8, R16, R17, R18, !PT", 16, true) {
      max(wrapped($0[0] + $0[1], 16, true), $0[2])
    },
    Row("VIADDMNMX.U16x2 R8, R16, -R17, R18, PT", 16, false) {
      min(wrapped($0[0] - $0[1], 16, false), $0[2])
    },
    Row("VIADDMNMX.S16x2.RELU R8, R16, R17, R18, PT", 16, true) {
      max(0, min(wrapped($0[0] + $0[1], 16, true), $0[2]))
    },
    Row("VIADDMNMX.U32 R8, R16, R17, R18, !PT", 32, false) {
      max(wrapped($0[0] + $0[1], 32, false), $0[2])
    },
  ]

  @Test(arguments: rows) func `each part is by itself`(row: Row) throws {
    let inputs = (1...3).map { Self.words(UInt64($0)) }
    let found = try CodeBench(90).results(of: [row.text], inputs: inputs)[0]
    for lane in 0..<32 {
      let words = inputs.map { $0[lane] }
      let wanted = Self.parts(row.bits, isSigned: row.isSigned, words, row.body)
      check(found[lane] == wanted, "\(row.text) of \(words): \(found[lane]), not \(wanted)")
    }
  }

  /// CUDA's `__vibmax_s16x2` takes its predicate of the low half from the first one.
  @Test func `predicates say which halves came from the first operand`() throws {
    let inputs = (1...2).map { Self.words(UInt64($0)) }
    let found = try CodeBench(90).results(
      of: [
        "VIMNMX.S16x2 R10, P0, P1, R16, R17, !PT", "SEL R8, R1, RZ, P0", "SEL R9, R1, RZ, P1",
      ], inputs: inputs, words: 2)
    for lane in 0..<32 {
      let halves = inputs.map { word in
        [Int16(truncatingIfNeeded: word[lane]), Int16(truncatingIfNeeded: word[lane] >> 16)]
      }
      #expect((found[0][lane] != 0) == (halves[0][0] >= halves[1][0]))
      #expect((found[1][lane] != 0) == (halves[0][1] >= halves[1][1]))
    }
  }

  @Test func `the extremum of 64-bit numbers in the form of sm_120`() throws {
    let inputs = (1...4).map { Self.words(UInt64($0)) }
    let found = try CodeBench(120).results(
      of: ["IMNMX.S64 PT, PT, R8, R16, R18, PT, !PT"], inputs: inputs, words: 2)
    for lane in 0..<32 {
      func wide(_ low: Int) -> Int64 {
        Int64(bitPattern: UInt64(inputs[low][lane]) | UInt64(inputs[low + 1][lane]) << 32)
      }
      let result = Int64(bitPattern: UInt64(found[0][lane]) | UInt64(found[1][lane]) << 32)
      #expect(result == min(wide(0), wide(2)))
    }
  }

  @Test(arguments: [
    "VIMNMX.16x2 R8, R16, R17, PT", "VIMNMX.U8x4.RELU R8, R16, R17, PT",
    "VIADD.S16x2 R8, R16, R17", "VIMNMX3.U8x4 R8, R16, R17, R18, PT",
    "IMNMX.S64 PT, PT, R8, R16, R18, PT, PT",
  ]) func `forms that no compiler writes are refused`(text: String) {
    let kernel = ExecutableKernel(
      KernelImage(
        name: "one", architecture: .init(90), code: [.init(pc: 0, text: text, control: nil)]))
    #expect(!kernel.unsupported.isEmpty)
  }
}
