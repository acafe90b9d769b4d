import Foundation
import ISA

@testable import Traces

/// A whole program as comparable values: static code by pc, every executed instruction with its pc.
struct PlainProgram: Equatable {
  struct Step: Equatable {
    var pc: UInt32
    var mask: UInt32
    var addresses: [[UInt64]]
  }

  struct CTA: Equatable {
    var position: [UInt32]
    var warps: [[Step]]
  }

  struct Kernel: Equatable {
    var launch: KernelLaunch
    var code: [StaticInstruction]
    var ctas: [CTA]
  }

  var commands: [Traces.TraceCommand]
  var kernels: [Kernel]

  init(_ reader: TraceReader) throws {
    commands = reader.commands
    kernels = try reader.kernels.enumerated().map { number, kernel in
      let ctas = try (0..<kernel.ctaCount).map { index in
        let plain = PlainCTA(try reader.cta(kernel: number, index: index))
        let warps = plain.warps.map { warp in
          warp.map { step in
            Step(pc: kernel.code[Int(step.index)].pc, mask: step.mask, addresses: step.addresses)
          }
        }
        return CTA(position: plain.position, warps: warps)
      }
      return Kernel(
        launch: kernel.launch, code: kernel.code.sorted { $0.pc < $1.pc }, ctas: ctas)
    }
  }
}

extension Scratch {
  /// A container of any source in this folder.
  func imported(_ source: String, as name: String) throws -> TraceReader {
    let writer = try TraceWriter(path: path(name), origin: "test")
    var sink = writer
    _ = try TraceImporter.importTrace(from: source, into: &sink)
    try writer.finish()
    return try TraceReader(path: path(name))
  }

  /// What is left of a program after an export and an import.
  func roundTrip(_ reader: TraceReader, _ format: ExportFormat, _ name: String) throws
    -> TraceReader
  {
    _ = try TraceExporter.export(reader, as: format, to: path(name))
    return try imported(path(name), as: name + ".ntrace")
  }
}

/// A repeatable random program of many kinds of instructions, masks and addresses.
struct RandomProgram {
  /// SASS text, and what Accel-Sim's format keeps of it; `$a` … `$d` are registers.
  static let forms: [(text: String, kept: String, references: Int)] = [
    ("FFMA $a, $b, $c, $d", "FFMA $a, $b, $c, $d", 0),
    ("FFMA $a, $b, c[0x0][0x160], -$d", "FFMA $a, $b, $d", 0),
    ("ISETP.NE.AND P1, PT, RZ, $a, PT", "ISETP.NE.AND P0, RZ, $a", 0),
    ("LDG.E RZ, [$a.64]", "LDG.E RZ, [$a.64]", 1),
    ("MUFU.RCP $a, |$b|", "MUFU.RCP $a, $b", 0),
    ("MOV $a, 0xff", "MOV $a", 0),
    ("IMAD.MOV.U32 $a, RZ, RZ, $b", "IMAD.MOV.U32 $a, RZ, RZ, $b", 0),
    ("IADD3 $a, P0, $b, c[0x0][0x160], $c", "IADD3 $a, $b, $c", 0),
    ("ISETP.GE.AND P0, PT, $a, 0x10, PT", "ISETP.GE.AND P0, $a", 0),
    ("SHFL.BFLY PT, $a, $b, 0x10, 0x1f", "SHFL.BFLY $a, $b", 0),
    ("S2R $a, SR_TID.X", "S2R $a", 0),
    ("R2UR UR4, $a", "R2UR $a", 0),
    ("HMMA.16816.F32 $a, $b, $c, $d", "HMMA.16816.F32 $a, $b, $c, $d", 0),
    ("DEPBAR.LE SB2, 0x3", "DEPBAR.LE SB0, 0x3", 0),
    ("BAR.SYNC.DEFER_BLOCKING 0x0", "BAR.SYNC.DEFER_BLOCKING 0x0", 0),
    ("BRA 0x80", "BRA", 0), ("BRX $a -0x10", "BRX $a", 0), ("NOP", "NOP", 0), ("EXIT", "EXIT", 0),
    ("LDG.E.64 $a, desc[UR4][$b.64+0x10]", "LDG.E.64 $a, [$b.64]", 1),
    ("LDG.E.U8 $a, [$b.64+-0x8]", "LDG.E.U8 $a, [$b.64]", 1),
    ("STG.E.128 [$a.64], $b", "STG.E.128 [$a.64], $b", 1),
    ("LDS.128 $a, [$b+UR5]", "LDS.128 $a, [$b]", 1), ("LDS $a, [UR4]", "LDS $a, [URZ]", 1),
    ("STS [UR4+0x10], $a", "STS [RZ], $a", 1),
    ("LDSM.16.M88.4 $a, [$b]", "LDSM.16.M88.4 $a, [$b]", 1),
    ("LDL.64 $a, [$b+0x8]", "LDL.64 $a, [$b]", 1), ("STL [$a], $b", "STL [$a], $b", 1),
    ("LD.E $a, [$b.64]", "LD.E $a, [$b.64]", 1),
    ("LDC $a, c[0x3][$b+0x8]", "LDC $a, c[0x0][$b]", 1),
    ("ATOMG.E.ADD.STRONG.GPU PT, $a, [$b.64], $c", "ATOMG.E.ADD.STRONG.GPU $a, [$b.64], $c", 1),
    ("RED.E.ADD.STRONG.GPU [$a.64+0x4], $b", "RED.E.ADD.STRONG.GPU [$a.64], $b", 1),
    ("LDGSTS.E.BYPASS.128 [$a+0x100], [$b.64], P1", "LDGSTS.E.BYPASS.128 [$a], [$b.64]", 2),
  ]

  static let guards = ["", "", "", "@P0 ", "@!P6 ", "@UP2 ", "@!UPT ", "@PT "]

  private var random: Random
  /// What Accel-Sim's format keeps of the texts, by kernel and pc, guards left out.
  private(set) var kept: [[UInt32: String]] = []

  init(seed: UInt64) { random = Random(seed) }

  /// Writes the program as a container.
  mutating func write(to path: String) throws -> TraceReader {
    let writer = try TraceWriter(path: path, origin: "random")
    var stream = UInt64(random.below(3))
    for number in 0...random.below(3) {
      for _ in 0..<random.below(3) { try writer.memoryCopy(copy()) }
      if random.below(3) == 0 { stream += UInt64(random.below(4)) }
      try kernel(number, stream, writer)
    }
    if random.below(2) == 0 { try writer.memoryCopy(copy()) }
    try writer.finish()
    return try TraceReader(path: path)
  }

  /// Only such as both formats hold.
  private mutating func copy() -> MemoryCopy {
    MemoryCopy(
      direction: random.below(2) == 0 ? .hostToDevice : .deviceToHost,
      address: random.next() >> UInt64(random.below(60)), bytes: random.next() >> 40)
  }

  private mutating func kernel(_ number: Int, _ stream: UInt64, _ writer: TraceWriter) throws {
    var launch = KernelLaunch(
      name: "_Z\(number)fooPf", grid: size(3),
      block: [Dim3(32), Dim3(33), Dim3(8, 2, 5)][random.below(3)],
      architecture: Architecture(86))
    launch.registers = random.below(256)
    launch.staticShared = random.below(1 << 16)
    launch.stream = stream
    launch.sharedWindow = random.below(2) == 0 ? 0 : random.next()
    launch.localWindow = random.next()
    let code = self.code()
    try writer.beginKernel(launch)
    for z in 0..<launch.grid.z {
      for y in 0..<launch.grid.y {
        for x in 0..<launch.grid.x {
          try writer.append(cta(Dim3(x, y, z), launch, code))
        }
      }
    }
    try writer.endKernel(code: code.map(\.instruction), warnings: [])
  }

  private mutating func size(_ limit: Int) -> Dim3 {
    Dim3(
      UInt32(1 + random.below(limit)), UInt32(1 + random.below(limit)),
      UInt32(1 + random.below(limit)))
  }

  private typealias Entry = (instruction: StaticInstruction, references: Int)

  private mutating func code() -> [Entry] {
    let hasControl = random.below(3) > 0
    var texts: [UInt32: String] = [:]
    let entries = (0..<1 + random.below(60)).map { position -> Entry in
      let form = Self.forms[random.below(Self.forms.count)]
      var (text, kept) = (form.text, form.kept)
      for name in ["$a", "$b", "$c", "$d"] {
        let register = random.below(12) == 0 ? "RZ" : "R\(random.below(255))"
        text = text.replacing(name, with: register)
        kept = kept.replacing(name, with: register)
      }
      text = Self.guards[random.below(Self.guards.count)] + text
      var instruction = StaticInstruction(pc: UInt32(position * 16), text: text, control: nil)
      if hasControl { add(controlTo: &instruction) }
      texts[instruction.pc] = kept
      return (instruction, form.references)
    }
    kept.append(texts)
    return entries
  }

  private mutating func add(controlTo instruction: inout StaticInstruction) {
    let counters: [UInt8] = [0, 1, 2, 3, 4, 5, 7]
    var control = ControlCode(
      stall: UInt8(random.below(16)), yield: random.below(2) == 0,
      writeBarrier: counters[random.below(7)], readBarrier: counters[random.below(7)],
      waitMask: UInt8(random.below(64)))
    if random.below(2) == 0 {
      control.reuse = UInt8(random.below(16))
      instruction.encoding = .init(
        low: random.next(), high: control.highWord | random.next() & 0x1ff_ffff_ffff)
    }
    instruction.control = control
  }

  private mutating func cta(_ position: Dim3, _ launch: KernelLaunch, _ code: [Entry]) -> CTATrace {
    var builder = CTABuilder()
    for _ in 0..<launch.warpsPerCTA {
      var index = random.below(code.count)
      for _ in 0..<random.below(30) {
        step(index, code[index].references, &builder)
        index = random.below(6) == 0 ? random.below(code.count) : (index + 1) % code.count
      }
      builder.endWarp()
    }
    return builder.finish(x: position.x, y: position.y, z: position.z)
  }

  private mutating func step(_ index: Int, _ references: Int, _ builder: inout CTABuilder) {
    let word = UInt32(truncatingIfNeeded: random.next())
    let masks: [UInt32] = [.max, .max, 0, 1 << (word & 31), 0xff0, word, word & 0xffff]
    let mask = masks[random.below(masks.count)]
    let first = UInt32(builder.references.count)
    for _ in 0..<references { builder.references.append(reference(mask, &builder)) }
    builder.append(
      DynamicInstruction(
        index: UInt32(index), mask: mask,
        reference: references > 0 ? first : DynamicInstruction.none,
        referenceCount: UInt32(references)))
  }

  private mutating func reference(_ mask: UInt32, _ builder: inout CTABuilder) -> AddressReference {
    let base = random.next() >> UInt64(random.below(64))
    if random.below(3) == 0 {
      let list = UInt32(builder.addresses.count)
      for _ in 0..<mask.nonzeroBitCount {
        builder.addresses.append(base &+ random.next() >> UInt64(random.below(64)))
      }
      return AddressReference(base: base, list: list)
    }
    let strides = [0, 4, 8, -16, Int64(Int32.min), Int64(bitPattern: random.next()), .min]
    return AddressReference(base: base, stride: strides[random.below(strides.count)])
  }
}
