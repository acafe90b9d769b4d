import Testing

@testable import Emulator

/// Decoding of matrix instructions: operands, shapes, metadata. Their arithmetic has its own tests.
@Suite struct MatrixInstructionTests {
  private static let half = UInt32(HalfPrecision.bits(1))

  /// A register of the same word in all lanes.
  private static func all(_ word: UInt32) -> [UInt32] { [UInt32](repeating: word, count: 32) }

  /// A of ones, B[k][n] = k, C = 0: an element of D is the sum of the k that A's row has.
  private func sparse(_ text: String, metadata: [UInt32]) throws -> [Float] {
    let ones = Self.all(Self.half << 16 | Self.half)
    // Lane l holds rows 2 (l % 4) and the next of B, then those 8 further on.
    let right = (0..<4).map { slice in
      (0..<32).map { lane -> UInt32 in
        let k = slice * 8 + lane % 4 * 2
        let (low, high) = (HalfPrecision.bits(Double(k)), HalfPrecision.bits(Double(k + 1)))
        return UInt32(high) << 16 | UInt32(low)
      }
    }
    let inputs = [ones, ones, ones, ones] + right + [metadata]
    return try CodeBench(86).results(of: [text], inputs: inputs, words: 4)
      .map { Float(bitPattern: $0[0]) }
  }

  @Test func `metadata choose two of every four`() throws {
    // Indices 0 and 1 make the code 0100, 2 and 3 the code 1110.
    let text = "HMMA.SP.16832.F32 R8, R16, R20, RZ, R24, 0x0"
    let first = try sparse(text, metadata: Self.all(0x4444_4444))
    let second = try sparse(text, metadata: Self.all(0xeeee_eeee))
    // Groups 0 to 7: Σ (4 g + 4 g + 1) and Σ (4 g + 2 + 4 g + 3).
    #expect(first == [232, 232, 232, 232])
    #expect(second == [264, 264, 264, 264])
  }

  /// PTX ISA, sparsity selector of m16n8k32: the pairs of threads that hold metadata.
  @Test(arguments: [(0, Float(232)), (1, 264)])
  func `the selector names the lanes that have metadata`(_ row: (Int, Float)) throws {
    let metadata: [UInt32] = (0..<32).map { $0 % 4 < 2 ? 0x4444_4444 : 0xeeee_eeee }
    let found = try sparse(
      "HMMA.SP.16832.F32 R8, R16, R20, RZ, R24, 0x\(row.0)", metadata: metadata)
    #expect(found == [row.1, row.1, row.1, row.1])
  }

  @Test func `sparse bytes are counted in the same way`() throws {
    let ones = Self.all(0x0101_0101)
    let inputs = [ones, ones, ones, ones, ones, ones, ones, ones, Self.all(0x4444_4444)]
    let found = try CodeBench(86).results(
      of: ["IMMA.SP.16864.S8.U8 R8, R16.ROW, R20.COL, RZ, R24, 0x0"], inputs: inputs, words: 4)
    #expect(found.map { $0[17] } == [32, 32, 32, 32])
  }

  /// PTX ISA, fragments of mma.m16n8k4, k8 and k16 with doubles: A[row][k] = row, B[k][n] = 2,
  /// C = n; so D = 2 · inner · row + n.
  @Test(arguments: [4, 8, 16]) func `the larger double products`(inner: Int) throws {
    func pair(_ value: (Int) -> Int) -> [[UInt32]] {
      let bits = (0..<32).map { Double(value($0)).bitPattern }
      return [
        bits.map { UInt32(truncatingIfNeeded: $0) },
        bits.map { UInt32(truncatingIfNeeded: $0 >> 32) },
      ]
    }
    let left = (0..<(inner / 2)).flatMap { element in
      pair { lane in lane / 4 + (element % 2 == 1 ? 8 : 0) }
    }
    let right = (0..<(inner / 4)).flatMap { _ in pair { _ in 2 } }
    let sums = (0..<4).flatMap { element in pair { lane in lane % 4 * 2 + element % 2 } }
    let registers = (b: 16 + left.count, c: 16 + left.count + right.count)
    let found = try CodeBench(90).results(
      of: ["DMMA.16x8x\(inner) R8, R16, R\(registers.b), R\(registers.c)"],
      inputs: left + right + sums, words: 8)
    for element in 0..<4 {
      for lane in 0..<32 {
        let row = lane / 4 + (element >= 2 ? 8 : 0)
        let column = lane % 4 * 2 + element % 2
        let bits = UInt64(found[2 * element][lane]) | UInt64(found[2 * element + 1][lane]) << 32
        #expect(Double(bitPattern: bits) == Double(2 * inner * row + column))
      }
    }
  }

  @Test func `without an addend RZ is eight registers of zero`() throws {
    let one = Double(1).bitPattern
    let low = Self.all(0)
    let high = Self.all(UInt32(one >> 32))
    let found = try CodeBench(90).results(
      of: ["DMMA.16x8x4 R8, R16, R20, RZ"], inputs: [low, high, low, high, low, high], words: 8)
    for element in 0..<4 {
      let bits = UInt64(found[2 * element][3]) | UInt64(found[2 * element + 1][3]) << 32
      #expect(Double(bitPattern: bits) == 4)
    }
  }

  @Test(arguments: [
    "HMMA.SP.1684.F32 R4, R8, R12, R4, R0, 0x0", "HMMA.SP.16832.F32 R4, R8, R12, R4, R0, 0x4",
    "IMMA.SP.8816.S8.S8 R4, R8.ROW, R10.COL, R4, R0, 0x0", "DMMA.16x8x32 R8, R16, R4, R8",
    "MOVM.16.MT84 R4, R5",
  ]) func `other shapes are refused`(text: String) {
    let kernel = ExecutableKernel(
      KernelImage(
        name: "one", architecture: .init(90), code: [.init(pc: 0, text: text, control: nil)]))
    #expect(!kernel.unsupported.isEmpty)
  }

  /// PTX ISA, movmatrix: lane t holds elements 2 (t mod 4) and the next of row t / 4.
  @Test func `a matrix of halves is transposed`() throws {
    func element(_ row: Int, _ column: Int) -> UInt32 { UInt32(100 * row + column) }
    let rows = (0..<32).map { lane in
      element(lane / 4, lane % 4 * 2) | element(lane / 4, lane % 4 * 2 + 1) << 16
    }
    let columns = (0..<32).map { lane in
      element(lane % 4 * 2, lane / 4) | element(lane % 4 * 2 + 1, lane / 4) << 16
    }
    #expect(try CodeBench(86).results(of: ["MOVM.16.MT88 R8, R16"], inputs: [rows])[0] == columns)
  }
}
