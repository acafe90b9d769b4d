import Foundation
import ISA

/// Reads one `.traceg` file of Accel-Sim's tracer, versions 1 to 6, CTA by CTA.
///
/// The format records opcodes and general registers only: text is rebuilt from those, a branch that
/// was seen both taken and falling through gets the guard `@P0`, and comparisons are taken to write
/// `P0`, so that the dependence of a branch on its comparison survives.
struct AccelSimKernelReader {
  private let lines: LineScanner
  private let path: String
  private var launch: KernelLaunch
  private var version = 3
  private var hasLineNumbers = false
  private var code = AccelSimCode()
  private(set) var warpInstructions = 0
  private(set) var ctas = 0

  // The CTA being read.
  private var builder = CTABuilder()

  init(path: String) throws {
    self.path = path
    lines = LineScanner(try TextSource(path: path))
    launch = KernelLaunch(name: "", grid: Dim3(1), block: Dim3(1), architecture: Architecture(0))
  }

  var bytesRead: Int { lines.source.delivered }

  /// Reads the whole file into `sink`.
  mutating func read(into sink: inout some TraceSink, progress: (Int) -> Void) throws {
    try readHeader()
    try sink.beginKernel(launch)
    while let cta = try readCTA() {
      try sink.append(cta)
      ctas += 1
      progress(bytesRead)
    }
    try sink.endKernel(code: code.instructions(launch.architecture), warnings: code.warnings)
  }

  private func fail(_ message: String) -> TraceError { TraceError(path, line: lines.line, message) }

  // MARK: Header

  private mutating func readHeader() throws {
    var values: [String: String] = [:]
    var line: String?
    repeat {
      line = try lines.next { bytes in
        guard bytes.count < 1 << 16 else { return "-" }
        return String(decoding: bytes, as: UTF8.self)
      }
      guard let text = line else { throw fail("ends within the kernel header") }
      if text.hasPrefix("#") { break }
      if text.isEmpty { continue }
      guard text.hasPrefix("-") else {
        throw fail("'\(text.prefix(40))' is no header line of an Accel-Sim trace")
      }
      let parts = text.dropFirst().split(separator: "=", maxSplits: 1).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      if let key = parts.first { values[key] = parts.count > 1 ? parts[1] : "" }
    } while true
    guard let name = values["kernel name"],
      let binary = values["binary version"].flatMap({ Int($0) }), (1...1000).contains(binary)
    else {
      throw fail("the header lacks the kernel's name or binary version")
    }
    let block = try dimensions(values["block dim"], "block dim")
    guard block.count >= 1, block.count <= 1024 else {
      throw fail("a block of \(block.count) threads is not possible")
    }
    launch = KernelLaunch(
      name: name, grid: try dimensions(values["grid dim"], "grid dim"), block: block,
      architecture: Architecture(binary))
    launch.staticShared = try number(values["shmem"], 0...(1 << 24), "shmem")
    launch.registers = try number(values["nregs"], 0...1024, "nregs")
    launch.stream = values["cuda stream id"].flatMap { UInt64($0) } ?? 0
    launch.sharedWindow = hexadecimal(values["shmem base_addr"])
    launch.localWindow = hexadecimal(values["local mem base_addr"])
    version = try number(
      values["accelsim tracer version"] ?? "3", 0...100, "accelsim tracer version")
    hasLineNumbers = values["enable lineinfo"] == "1"
    guard version <= 6 else {
      throw fail("tracer version \(version) is not known; versions up to 6 are")
    }
  }

  private func dimensions(_ text: String?, _ key: String) throws -> Dim3 {
    let numbers = (text ?? "").split(whereSeparator: { "(), ".contains($0) }).compactMap {
      UInt32($0)
    }
    guard numbers.count == 3, numbers.allSatisfy({ $0 > 0 }) else {
      throw fail("the header's '\(key)' is not (x,y,z)")
    }
    return Dim3(numbers[0], numbers[1], numbers[2])
  }

  private func number(_ text: String?, _ range: ClosedRange<Int>, _ key: String) throws -> Int {
    guard let text else { return range.lowerBound }
    guard let value = Int(text), range.contains(value) else {
      throw fail("the header's '\(key)' is '\(text)'")
    }
    return value
  }

  private func hexadecimal(_ text: String?) -> UInt64 {
    guard let text else { return 0 }
    return UInt64(text.hasPrefix("0x") ? String(text.dropFirst(2)) : text, radix: 16) ?? 0
  }

  // MARK: CTAs

  private enum Line {
    case blank, begin, end, block(UInt32, UInt32, UInt32), warp(Int), count(Int), ignored,
      instruction
  }

  private mutating func readCTA() throws -> CTATrace? {
    var isOpen = false
    var position = Dim3(0, 0, 0)
    var warp = -1
    var left = 0
    builder.removeAll()
    while true {
      let line: Line? = try lines.next { bytes in
        let kind = Self.classify(bytes)
        if case .instruction = kind, isOpen, left > 0 { try readInstruction(bytes) }
        return kind
      }
      guard let line else {
        if isOpen { throw fail("ends within a thread block") }
        return nil
      }
      switch line {
      case .blank, .ignored: break
      case .begin:
        guard !isOpen else { throw fail("a thread block begins within another") }
        isOpen = true
      case .end:
        guard isOpen else { throw fail("a thread block ends that never began") }
        guard left == 0 else {
          throw fail("warp \(warp) has \(left) instructions fewer than it says")
        }
        while builder.warps < launch.warpsPerCTA { builder.endWarp() }
        return builder.finish(x: position.x, y: position.y, z: position.z)
      case .block(let x, let y, let z): position = Dim3(x, y, z)
      case .warp(let number):
        guard left == 0 else {
          throw fail("warp \(warp) has \(left) instructions fewer than it says")
        }
        guard number > warp, number < launch.warpsPerCTA else {
          throw fail("warp \(number) does not fit the block or is out of order")
        }
        while builder.warps < number { builder.endWarp() }
        warp = number
      case .count(let count):
        guard isOpen, warp >= 0 else { throw fail("'insts' without a warp") }
        left = count
        code.beginWarp()
        if count == 0 { builder.endWarp() }
      case .instruction:
        guard isOpen, warp >= 0 else { throw fail("an instruction outside of a warp") }
        guard left > 0 else { throw fail("warp \(warp) has more instructions than it says") }
        left -= 1
        warpInstructions += 1
        if left == 0 { builder.endWarp() }
        guard builder.instructionCount <= ChunkDecoder.instructionLimit / 2 else {
          throw fail("a thread block executes too many instructions")
        }
      }
    }
  }

  private static func classify(_ bytes: UnsafeBufferPointer<UInt8>) -> Line {
    guard let first = bytes.first else { return .blank }
    switch first {
    case UInt8(ascii: "#"):
      if bytes.starts(with: "#BEGIN_TB".utf8) { return .begin }
      if bytes.starts(with: "#END_TB".utf8) { return .end }
      return .ignored
    case UInt8(ascii: "t") where bytes.starts(with: "thread block".utf8):
      let text = String(decoding: bytes, as: UTF8.self)
      let numbers = text.split(whereSeparator: { !$0.isNumber }).compactMap { UInt32($0) }
      return numbers.count == 3 ? .block(numbers[0], numbers[1], numbers[2]) : .ignored
    case UInt8(ascii: "w") where bytes.starts(with: "warp".utf8): return .warp(value(bytes))
    case UInt8(ascii: "i") where bytes.starts(with: "insts".utf8): return .count(value(bytes))
    case UInt8(ascii: "c") where bytes.starts(with: "cluster".utf8): return .ignored
    default: return .instruction
    }
  }

  private static func value(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var number = 0
    for byte in bytes where byte >= 48 && byte <= 57 {
      number = min(number * 10 + Int(byte - 48), 1 << 40)
    }
    return number
  }

  // MARK: Instructions

  private mutating func readInstruction(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    var fields = FieldScanner(bytes)
    if version < 3 { for _ in 0..<4 { _ = fields.field() } }
    if hasLineNumbers { _ = fields.field() }
    guard let pc = fields.hexadecimal(), pc <= AccelSimCode.highestPC else { throw malformed("pc") }
    guard let mask = fields.hexadecimal(), mask <= UInt64(UInt32.max) else {
      throw malformed("mask")
    }
    var static_ = AccelSimCode.Entry()
    let known = code.visit(pc: UInt32(pc))
    try readRegisters(&fields, into: &static_.destinations, keep: known == nil, "destinations")
    guard let opcode = fields.field(), opcode.count < 256 else { throw malformed("opcode") }
    if known == nil { static_.opcode = String(decoding: opcode, as: UTF8.self) }
    try readRegisters(&fields, into: &static_.sources, keep: known == nil, "sources")
    guard let width = fields.decimal(), width >= 0, width <= 4096 else {
      throw malformed("access width")
    }
    var references: UInt32 = 0
    let first = UInt32(builder.references.count)
    if width > 0 {
      static_.isMemory = true
      if let reference = try readAddresses(&fields, UInt32(mask)) {
        builder.references.append(reference)
        references = 1
      }
    }
    if version >= 5, known == nil, let immediate = fields.decimal() {
      static_.immediate = immediate
    }
    let index = known ?? code.add(static_, pc: UInt32(pc))
    builder.append(
      DynamicInstruction(
        index: UInt32(index), mask: UInt32(mask),
        reference: references > 0 ? first : DynamicInstruction.none, referenceCount: references))
  }

  private func malformed(_ what: String) -> TraceError {
    fail("the instruction's \(what) cannot be read")
  }

  private func readRegisters(
    _ fields: inout FieldScanner, into list: inout [String], keep: Bool, _ what: String
  ) throws {
    guard let count = fields.decimal(), count >= 0, count <= 16 else { throw malformed(what) }
    for _ in 0..<count {
      guard let register = fields.field(), register.count <= 8 else { throw malformed(what) }
      if keep { list.append(String(decoding: register, as: UTF8.self)) }
    }
  }

  /// Address modes: 0 lists all, 1 base and stride, 2 base and differences.
  private mutating func readAddresses(
    _ fields: inout FieldScanner, _ mask: UInt32
  ) throws -> AddressReference? {
    let lanes = mask.nonzeroBitCount
    guard let mode = fields.decimal() else { throw malformed("addresses") }
    switch mode {
    case 0:
      guard lanes > 0 else { return nil }
      let list = builder.addresses.count
      for _ in 0..<lanes {
        guard let address = fields.hexadecimal() else { throw malformed("addresses") }
        builder.addresses.append(address)
      }
      return builder.simplified(list: list)
    case 1:
      guard let base = fields.hexadecimal(), let stride = fields.decimal() else {
        throw malformed("addresses")
      }
      return lanes > 0 ? AddressReference(base: base, stride: stride) : nil
    case 2:
      guard let base = fields.hexadecimal() else { throw malformed("addresses") }
      guard lanes > 0 else { return nil }
      let list = builder.addresses.count
      var address = base
      builder.addresses.append(address)
      for _ in 1..<max(1, lanes) {
        guard let delta = fields.decimal() else { throw malformed("addresses") }
        address = address &+ UInt64(bitPattern: delta)
        builder.addresses.append(address)
      }
      return builder.simplified(list: list)
    default: throw malformed("addresses")
    }
  }
}

/// Collects one CTA's streams while they are read.
struct CTABuilder {
  private var starts: [Int] = [0]
  private var instructions: [DynamicInstruction] = []
  var references: [AddressReference] = []
  var addresses: [UInt64] = []

  var warps: Int { starts.count - 1 }
  var instructionCount: Int { instructions.count }

  mutating func append(_ instruction: DynamicInstruction) { instructions.append(instruction) }
  mutating func endWarp() { starts.append(instructions.count) }

  mutating func removeAll() {
    starts = [0]
    instructions.removeAll(keepingCapacity: true)
    references.removeAll(keepingCapacity: true)
    addresses.removeAll(keepingCapacity: true)
  }

  /// The addresses from `list` on as a reference; evenly spaced ones become base and stride.
  mutating func simplified(list: Int) -> AddressReference {
    let base = addresses[list]
    let stride = addresses.count - list > 1 ? Int64(bitPattern: addresses[list + 1] &- base) : 0
    for index in list..<addresses.count
    where addresses[index] != base &+ UInt64(bitPattern: stride &* Int64(index - list)) {
      return AddressReference(base: base, list: UInt32(list))
    }
    addresses.removeLast(addresses.count - list)
    return AddressReference(base: base, stride: stride)
  }

  func finish(x: UInt32, y: UInt32, z: UInt32) -> CTATrace {
    CTATrace(
      x: x, y: y, z: z, warpStarts: starts, instructions: instructions, references: references,
      addresses: addresses)
  }
}
