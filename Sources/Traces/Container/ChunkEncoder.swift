import ISA

/// Turns CTAs into the byte streams of a chunk; Docs/trace-format.md, "Chunks".
struct ChunkEncoder {
  private var paths = ByteWriter()
  private var masks = ByteWriter()
  private var counts = ByteWriter()
  private var kinds = ByteWriter()
  private var numbers = ByteWriter()
  private var heads = ByteWriter()
  private var earlierPaths: [[UInt8]: Int] = [:]
  private var memory = ReferenceMemory()
  private(set) var ctas = 0
  private(set) var instructions = 0

  mutating func append(_ cta: CTATrace) {
    heads.number(cta.x)
    heads.number(cta.y)
    heads.number(cta.z)
    heads.number(cta.warpCount)
    for warp in 0..<cta.warpCount {
      let range = cta.warpStarts[warp]..<cta.warpStarts[warp + 1]
      appendPath(cta, range)
      appendMasks(cta, range)
      for position in range { appendReferences(cta, cta.instructions[position]) }
      instructions += range.count
    }
    ctas += 1
  }

  /// The chunk's uncompressed bytes.
  func finish() -> [UInt8] {
    var chunk = ByteWriter()
    chunk.number(ctas)
    for stream in [heads, paths, masks, counts, kinds, numbers] { chunk.block(stream.bytes) }
    return chunk.bytes
  }

  /// Straight-line runs: distance from the fall-through instruction, then length. A warp that took
  /// the same path as an earlier one of the chunk only names it.
  private mutating func appendPath(_ cta: CTATrace, _ range: Range<Int>) {
    var path = ByteWriter()
    var expected: Int64 = 0
    var position = range.lowerBound
    while position < range.upperBound {
      let start = Int64(cta.instructions[position].index)
      var length = 1
      while position + length < range.upperBound,
        Int64(cta.instructions[position + length].index) == start + Int64(length)
      {
        length += 1
      }
      path.signed(start - expected)
      path.number(length)
      expected = start + Int64(length)
      position += length
    }
    if let earlier = earlierPaths[path.bytes] {
      paths.number(earlier + 1)
    } else {
      earlierPaths[path.bytes] = earlierPaths.count
      paths.number(0)
      paths.block(path.bytes)
    }
  }

  /// Runs of equal masks: length, then mask.
  private mutating func appendMasks(_ cta: CTATrace, _ range: Range<Int>) {
    var position = range.lowerBound
    while position < range.upperBound {
      let mask = cta.instructions[position].mask
      var length = 1
      while position + length < range.upperBound, cta.instructions[position + length].mask == mask {
        length += 1
      }
      masks.number(length)
      masks.number(mask)
      position += length
    }
  }

  private mutating func appendReferences(_ cta: CTATrace, _ instruction: DynamicInstruction) {
    // Instructions that never had an address cost nothing: the count is predicted from the last
    // execution and only deviations are marked.
    let predicted = memory.count(instruction.index)
    let count = instruction.referenceCount
    if count != predicted {
      counts.number(memory.executed - memory.lastDeviation)
      counts.number(count)
      memory.lastDeviation = memory.executed
      memory.setCount(instruction.index, count)
    }
    memory.executed += 1
    for slot in 0..<Int(count) {
      let reference = cta.references[Int(instruction.reference) + slot]
      appendReference(cta, reference, instruction, slot)
    }
  }

  private mutating func appendReference(
    _ cta: CTATrace, _ reference: AddressReference, _ instruction: DynamicInstruction, _ slot: Int
  ) {
    let key = ReferenceMemory.key(instruction.index, slot)
    let last = memory.last(key)
    let delta = Int64(bitPattern: reference.base &- last.base)
    let isList = reference.list != AddressReference.none
    let sameStep = delta == last.delta
    let sameStride = !isList && reference.stride == last.stride
    kinds.bytes.append((isList ? 1 : 0) | (sameStep ? 2 : 0) | (sameStride ? 4 : 0))
    if !sameStep { numbers.signed(delta) }
    if isList {
      var previous = reference.base
      for lane in 0..<instruction.mask.nonzeroBitCount {
        let address = cta.addresses[Int(reference.list) + lane]
        numbers.signed(Int64(bitPattern: address &- previous))
        previous = address
      }
    } else if !sameStride {
      numbers.signed(reference.stride)
    }
    memory.remember(
      key, base: reference.base, delta: delta, stride: isList ? last.stride : reference.stride)
  }
}

/// What encoder and decoder both remember about the references of each static instruction.
struct ReferenceMemory {
  struct Last {
    var base: UInt64 = 0
    var delta: Int64 = 0
    var stride: Int64 = 0
  }

  private var lasts: [Last] = []
  private var counts: [UInt32] = []
  var executed = 0
  var lastDeviation = 0

  /// Static instructions beyond this share their memory with others; it only costs compression.
  private static let limit = 1 << 16

  static func key(_ index: UInt32, _ slot: Int) -> Int {
    (Int(index) & (limit - 1)) * 2 + (slot & 1)
  }

  func count(_ index: UInt32) -> UInt32 {
    let key = Int(index) & (Self.limit - 1)
    return key < counts.count ? counts[key] : 0
  }

  mutating func setCount(_ index: UInt32, _ count: UInt32) {
    let key = Int(index) & (Self.limit - 1)
    while counts.count <= key { counts.append(0) }
    counts[key] = count
  }

  func last(_ key: Int) -> Last { key < lasts.count ? lasts[key] : Last() }

  mutating func remember(_ key: Int, base: UInt64, delta: Int64, stride: Int64) {
    while lasts.count <= key { lasts.append(Last()) }
    lasts[key] = Last(base: base, delta: delta, stride: stride)
  }
}
