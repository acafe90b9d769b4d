import Foundation
import ISA

@testable import Traces

/// A repeatable source of random numbers.
struct Random {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 2 &+ 1 }

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }

  mutating func below(_ limit: Int) -> Int { Int(next() >> 11) % max(1, limit) }
}

/// A file in a temporary folder of its own, removed with the value.
final class Scratch {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "needletail-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  func write(_ name: String, _ text: String) throws -> String {
    let file = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
    return file.path
  }
}

/// A CTA as comparable values.
struct PlainCTA: Equatable {
  var position: [UInt32]
  var warps: [[PlainInstruction]]

  struct PlainInstruction: Equatable {
    var index: UInt32
    var mask: UInt32
    var addresses: [[UInt64]]
  }

  init(_ cta: CTATrace) {
    position = [cta.x, cta.y, cta.z]
    warps = (0..<cta.warpCount).map { warp in
      (cta.warpStarts[warp]..<cta.warpStarts[warp + 1]).map { place in
        let instruction = cta.instructions[place]
        let lists = (0..<Int(instruction.referenceCount)).map { slot in
          let reference = cta.references[Int(instruction.reference) + slot]
          return (0..<instruction.mask.nonzeroBitCount).map { lane in
            reference.list == AddressReference.none
              ? reference.base &+ UInt64(bitPattern: reference.stride &* Int64(lane))
              : cta.addresses[Int(reference.list) + lane]
          }
        }
        return PlainInstruction(index: instruction.index, mask: instruction.mask, addresses: lists)
      }
    }
  }
}

/// Keeps what an importer delivers.
struct MemorySink: TraceSink {
  struct Kernel {
    var launch: KernelLaunch
    var ctas: [PlainCTA] = []
    var code: [StaticInstruction] = []
    var warnings: [String] = []
  }
  var kernels: [Kernel] = []
  var copies: [MemoryCopy] = []

  mutating func memoryCopy(_ copy: MemoryCopy) throws { copies.append(copy) }
  mutating func beginKernel(_ launch: KernelLaunch) throws {
    kernels.append(Kernel(launch: launch))
  }
  mutating func append(_ cta: CTATrace) throws {
    kernels[kernels.count - 1].ctas.append(PlainCTA(cta))
  }
  mutating func endKernel(code: [StaticInstruction], warnings: [String]) throws {
    kernels[kernels.count - 1].code = code
    kernels[kernels.count - 1].warnings = warnings
  }
}

/// A random CTA over `codeCount` static instructions.
func randomCTA(_ random: inout Random, codeCount: Int, warps: Int, length: Int) -> CTATrace {
  var starts = [0]
  var instructions: [DynamicInstruction] = []
  var references: [AddressReference] = []
  var addresses: [UInt64] = []
  for _ in 0..<warps {
    var index = random.below(codeCount)
    for _ in 0..<random.below(length + 1) {
      let mask: UInt32 = [.max, 0, 1, UInt32(truncatingIfNeeded: random.next())][random.below(4)]
      var instruction = DynamicInstruction(index: UInt32(index), mask: mask)
      let count = random.below(8) < 5 ? 0 : 1 + random.below(2)
      if count > 0 {
        instruction.reference = UInt32(references.count)
        instruction.referenceCount = UInt32(count)
        for _ in 0..<count {
          if random.below(2) == 0 {
            references.append(
              AddressReference(
                base: random.next(), stride: Int64(bitPattern: random.next()) >> random.below(60)))
          } else {
            references.append(AddressReference(base: 0, list: UInt32(addresses.count)))
            for _ in 0..<mask.nonzeroBitCount {
              addresses.append(random.next() >> UInt64(random.below(60)))
            }
          }
        }
      }
      instructions.append(instruction)
      index = random.below(10) == 0 ? random.below(codeCount) : (index + 1) % codeCount
    }
    starts.append(instructions.count)
  }
  return CTATrace(
    x: UInt32(truncatingIfNeeded: random.next()), y: UInt32(random.below(9)),
    z: UInt32(random.below(3)),
    warpStarts: starts, instructions: instructions, references: references, addresses: addresses)
}

/// Writes a container of random kernels; returns what it should hold.
func writeRandomContainer(_ path: String, seed: UInt64, kernels: Int, ctas: Int, length: Int) throws
  -> [[PlainCTA]]
{
  var random = Random(seed)
  let writer = try TraceWriter(path: path, origin: "test")
  var expected: [[PlainCTA]] = []
  for number in 0..<kernels {
    try writer.memoryCopy(MemoryCopy(direction: .hostToDevice, address: random.next(), bytes: 4096))
    var launch = KernelLaunch(
      name: "kernel_\(number)", grid: Dim3(UInt32(ctas)), block: Dim3(128),
      architecture: Architecture(86))
    launch.registers = 40
    launch.stream = random.next()
    try writer.beginKernel(launch)
    let codeCount = 1 + random.below(50)
    var plain: [PlainCTA] = []
    for _ in 0..<ctas {
      let cta = randomCTA(&random, codeCount: codeCount, warps: 4, length: length)
      plain.append(PlainCTA(cta))
      try writer.append(cta)
    }
    var code: [StaticInstruction] = []
    for index in 0..<codeCount {
      let control: ControlCode? = index % 3 == 0 ? nil : ControlCode(stall: UInt8(index % 16))
      var instruction = StaticInstruction(
        pc: UInt32(index * 16), text: "FFMA R\(index), R1, R2, R3", control: control)
      if index % 2 == 1 { instruction.encoding = .init(low: random.next(), high: random.next()) }
      code.append(instruction)
    }
    try writer.endKernel(code: code, warnings: number == 0 ? [] : ["a warning"])
    expected.append(plain)
  }
  try writer.finish()
  return expected
}
