import ISA

/// Turns a chunk's bytes back into CTAs. Every count is checked before anything grows by it.
struct ChunkDecoder {
  /// Warp instructions of one chunk; far above what a writer puts into one.
  static let instructionLimit = 1 << 25

  private var heads: ByteReader
  private var paths: ByteReader
  private var masks: ByteReader
  private var counts: ByteReader
  private var kinds: ByteReader
  private var numbers: ByteReader
  private let ctaCount: Int
  private var earlierPaths: [[UInt32]] = []
  private var memory = ReferenceMemory()
  private var nextDeviation = -1
  private var nextCount: UInt32 = 0
  private let codeCount: Int
  private var decoded = 0
  /// Sizes of the CTA before.
  private var last = (instructions: 0, references: 0, addresses: 0)

  init(_ bytes: UnsafeRawBufferPointer, ctas: Int, codeCount: Int) throws(ByteReader.Failure) {
    var reader = ByteReader(bytes)
    ctaCount = try reader.number(upTo: ctas, "the number of CTAs")
    guard ctaCount == ctas else {
      throw ByteReader.Failure(message: "holds \(ctaCount) CTAs instead of \(ctas)")
    }
    heads = ByteReader(try reader.block())
    paths = ByteReader(try reader.block())
    masks = ByteReader(try reader.block())
    counts = ByteReader(try reader.block())
    kinds = ByteReader(try reader.block())
    numbers = ByteReader(try reader.block())
    self.codeCount = codeCount
    try readDeviation()
  }

  mutating func decode() throws(ByteReader.Failure) -> [CTATrace] {
    var ctas: [CTATrace] = []
    for _ in 0..<ctaCount { ctas.append(try decodeCTA()) }
    return ctas
  }

  private mutating func readDeviation() throws(ByteReader.Failure) {
    guard !counts.isAtEnd else {
      nextDeviation = -1
      return
    }
    nextDeviation = memory.lastDeviation + (try counts.number(upTo: 1 << 40, "a distance"))
    nextCount = UInt32(try counts.number(upTo: 2, "a number of address references"))
  }

  private mutating func decodeCTA() throws(ByteReader.Failure) -> CTATrace {
    let x = UInt32(try heads.number(upTo: Int(UInt32.max), "a CTA coordinate"))
    let y = UInt32(try heads.number(upTo: Int(UInt32.max), "a CTA coordinate"))
    let z = UInt32(try heads.number(upTo: Int(UInt32.max), "a CTA coordinate"))
    let warps = try heads.number(upTo: 64, "the number of warps")
    var starts = [0]
    starts.reserveCapacity(warps + 1)
    // The CTA before is a good guess at what is to come.
    var instructions: [DynamicInstruction] = []
    instructions.reserveCapacity(last.instructions)
    var references: [AddressReference] = []
    references.reserveCapacity(last.references)
    var addresses: [UInt64] = []
    addresses.reserveCapacity(last.addresses)
    for _ in 0..<warps {
      let first = instructions.count
      try decodePath(&instructions)
      try decodeMasks(&instructions, from: first)
      for position in first..<instructions.count {
        try decodeReferences(&instructions[position], &references, &addresses)
      }
      starts.append(instructions.count)
    }
    last = (instructions.count, references.count, addresses.count)
    return CTATrace(
      x: x, y: y, z: z, warpStarts: starts, instructions: instructions, references: references,
      addresses: addresses)
  }

  private mutating func decodePath(_ instructions: inout [DynamicInstruction]) throws(ByteReader
    .Failure)
  {
    let earlier = try paths.number(upTo: earlierPaths.count, "a path's number")
    if earlier > 0 {
      let path = earlierPaths[earlier - 1]
      decoded += path.count
      guard decoded <= Self.instructionLimit else {
        throw ByteReader.Failure(message: "has too many instructions")
      }
      for index in path { instructions.append(DynamicInstruction(index: index, mask: 0)) }
      return
    }
    var runs = ByteReader(try paths.block())
    var path: [UInt32] = []
    var expected: Int64 = 0
    while !runs.isAtEnd {
      let (start, overflow) = expected.addingReportingOverflow(try runs.signed())
      let length = try runs.number(upTo: codeCount, "a run's length")
      guard !overflow, start >= 0, start + Int64(length) <= Int64(codeCount) else {
        throw ByteReader.Failure(message: "runs outside the kernel's code")
      }
      decoded += length
      guard decoded <= Self.instructionLimit else {
        throw ByteReader.Failure(message: "has too many instructions")
      }
      for index in start..<start + Int64(length) {
        instructions.append(DynamicInstruction(index: UInt32(index), mask: 0))
        path.append(UInt32(index))
      }
      expected = start + Int64(length)
    }
    earlierPaths.append(path)
  }

  private mutating func decodeMasks(
    _ instructions: inout [DynamicInstruction], from first: Int
  ) throws(ByteReader.Failure) {
    var position = first
    while position < instructions.count {
      let length = try masks.number(upTo: instructions.count - position, "a run of masks")
      let mask = UInt32(try masks.number(upTo: Int(UInt32.max), "a mask"))
      guard length > 0 else { throw ByteReader.Failure(message: "has an empty run of masks") }
      for index in position..<position + length { instructions[index].mask = mask }
      position += length
    }
  }

  @inline(__always)
  private mutating func decodeReferences(
    _ instruction: inout DynamicInstruction, _ references: inout [AddressReference],
    _ addresses: inout [UInt64]
  ) throws(ByteReader.Failure) {
    if memory.executed == nextDeviation {
      memory.lastDeviation = nextDeviation
      memory.setCount(instruction.index, nextCount)
      try readDeviation()
    }
    memory.executed += 1
    let count = memory.count(instruction.index)
    guard count > 0 else { return }
    instruction.reference = UInt32(references.count)
    instruction.referenceCount = count
    for slot in 0..<Int(count) {
      references.append(try decodeReference(instruction, slot, &addresses))
    }
  }

  private mutating func decodeReference(
    _ instruction: DynamicInstruction, _ slot: Int, _ addresses: inout [UInt64]
  ) throws(ByteReader.Failure) -> AddressReference {
    let key = ReferenceMemory.key(instruction.index, slot)
    let last = memory.last(key)
    let kind = try kinds.byte()
    guard kind < 8 else {
      throw ByteReader.Failure(message: "has an address of unknown kind \(kind)")
    }
    let delta = kind & 2 != 0 ? last.delta : try numbers.signed()
    var reference = AddressReference(
      base: last.base &+ UInt64(bitPattern: delta), stride: last.stride)
    if kind & 1 != 0 {
      reference.stride = 0
      reference.list = UInt32(addresses.count)
      var address = reference.base
      for _ in 0..<instruction.mask.nonzeroBitCount {
        address = address &+ UInt64(bitPattern: try numbers.signed())
        addresses.append(address)
      }
      memory.remember(key, base: reference.base, delta: delta, stride: last.stride)
    } else {
      if kind & 4 == 0 { reference.stride = try numbers.signed() }
      memory.remember(key, base: reference.base, delta: delta, stride: reference.stride)
    }
    return reference
  }
}
