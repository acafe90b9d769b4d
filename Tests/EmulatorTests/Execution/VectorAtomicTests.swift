import Testing

@testable import Emulator

/// Atomic operations on several numbers, or on 128 bits.
@Suite struct VectorAtomicTests {
  /// 32 lanes execute the text on the address in R2, with R16 and on loaded from `inputs`.
  private func run(
    _ text: String, on memory: [UInt32], inputs: [[UInt32]], words: Int = 1
  ) throws -> (memory: [UInt32], results: [[UInt32]]) {
    let bench = CodeBench(90)
    let address = try CodeBench.allocate(memory)
    let place = ConstantLayout(bench.kind).parameters + 8 * (1 + inputs.count)
    let results = try bench.results(
      of: ["LDC.64 R2, c[0x0][0x\(String(place, radix: 16))]", text], inputs: inputs, words: words,
      parameters: [address])
    return (CodeBench.words(address, memory.count), results)
  }

  @Test func `four floats are added at once`() throws {
    let inputs: [[UInt32]] = (0..<4).map { word in
      (0..<32).map { (lane: Int) -> UInt32 in Float(lane * (word + 1)).bitPattern }
    }
    let start = (0..<4).map { Float($0).bitPattern }
    let found = try run(
      "REDG.E.ADD.F32x4.FTZ.RN.STRONG.GPU desc[UR4][R2.64], R16", on: start, inputs: inputs)
    // 0 + 1 + … + 31 = 496.
    let wanted: [Float] = [496, 1 + 992, 2 + 1488, 3 + 1984]
    #expect(found.memory.map { Float(bitPattern: $0) } == wanted)
  }

  @Test func `two floats, and what was there before`() throws {
    let inputs: [[UInt32]] = [
      (0..<32).map { _ in Float(1).bitPattern }, (0..<32).map { Float($0).bitPattern },
    ]
    let found = try run(
      "ATOMG.E.ADD.F32x2.FTZ.RN.STRONG.GPU PT, R8, desc[UR4][R2.64], R16",
      on: [Float(10).bitPattern, 0], inputs: inputs, words: 2)
    for lane in 0..<32 {
      let (first, second) = (found.results[0][lane], found.results[1][lane])
      #expect(Float(bitPattern: first) == Float(10 + lane))
      #expect(Float(bitPattern: second) == Float(lane * (lane - 1) / 2))
    }
  }

  @Test func `eight halves keep their minimum`() throws {
    // 1.0 and −2.0 in halves; every lane brings 0.5 and 3.0.
    let start = [UInt32](repeating: 0x3c00_c000, count: 4)
    let inputs = (0..<4).map { _ in [UInt32](repeating: 0x3800_4200, count: 32) }
    let found = try run(
      "REDG.E.MIN.F16x8.RN.STRONG.GPU desc[UR4][R2.64], R16", on: start, inputs: inputs)
    #expect(found.memory == [UInt32](repeating: 0x3800_c000, count: 4))
  }

  @Test func `128 bits are exchanged only where all are equal`() throws {
    // R16 to R19 are compared, R20 to R23 stored; lane 5 alone has what is there.
    let start: [UInt32] = [5, 6, 7, 8]
    let inputs: [[UInt32]] = (0..<8).map { word in
      (0..<32).map { (lane: Int) -> UInt32 in
        if word >= 4 { return UInt32(100 + lane) }
        return lane == 5 || word < 3 ? UInt32(5 + word) : 0
      }
    }
    let found = try run(
      "ATOMG.E.CAS.128.STRONG.GPU PT, R8, [R2.64], R16, R20", on: start, inputs: inputs, words: 4)
    #expect(found.memory == [105, 105, 105, 105])
    #expect(found.results.map { $0[5] } == start)
    #expect(found.results.map { $0[6] } == [105, 105, 105, 105])
  }

  @Test func `there is no addition of 128 bits`() {
    let kernel = ExecutableKernel(
      KernelImage(
        name: "one", architecture: .init(90),
        code: [.init(pc: 0, text: "REDG.E.ADD.128.STRONG.GPU [R2.64], R4", control: nil)]))
    #expect(!kernel.unsupported.isEmpty)
  }
}
