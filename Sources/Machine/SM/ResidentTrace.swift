import ISA

/// The dynamic streams of a resident CTA. Warps that execute the same instructions under the same masks
/// share one stream, whichever CTA they belong to, and equal lists of addresses are held once: what a
/// whole wave of CTAs holds is where their addresses differ.
final class ResidentTrace {
  struct WarpTrace: BitwiseCopyable {
    var stream: UnsafeMutablePointer<DynamicInstruction>
    var count: Int
    /// What the stream's references count from.
    var references: UnsafeMutablePointer<AddressReference>
  }

  let x, y, z: UInt32
  let warpCount: Int
  let warps: UnsafeMutablePointer<WarpTrace>
  let addresses: UnsafeMutablePointer<UInt64>
  private let references: UnsafeMutablePointer<AddressReference>
  private var streams: [WarpStream] = []

  /// `trace` has been validated.
  init(_ trace: CTATrace, sharing pool: inout StreamPool) {
    (x, y, z) = (trace.x, trace.y, trace.z)
    warpCount = trace.warpCount
    warps = .allocate(capacity: max(1, warpCount))
    references = .allocate(capacity: max(1, trace.references.count))
    if let base = trace.references.baseAddress {
      references.initialize(from: base, count: trace.references.count)
    }
    pool.lists.removeAll()
    for instruction in trace.instructions where instruction.referenceCount > 0 {
      let first = Int(instruction.reference)
      for place in first..<first + Int(instruction.referenceCount)
      where references[place].list != AddressReference.none {
        references[place].list = pool.lists.add(
          trace.addresses, from: Int(trace.references[place].list),
          count: instruction.mask.nonzeroBitCount)
      }
    }
    addresses = .allocate(capacity: max(1, pool.lists.addresses.count))
    addresses.initialize(from: pool.lists.addresses.base, count: pool.lists.addresses.count)
    streams.reserveCapacity(warpCount)
    for warp in 0..<warpCount {
      let range = trace.warpStarts[warp]..<trace.warpStarts[warp + 1]
      let (stream, first) = pool.stream(
        UnsafeMutableBufferPointer(rebasing: trace.instructions[range]))
      streams.append(stream)
      (warps + warp).initialize(
        to: WarpTrace(
          stream: stream.instructions, count: stream.count, references: references + first))
    }
  }

  deinit {
    warps.deallocate()
    references.deallocate()
    addresses.deallocate()
  }
}

/// What one warp, or several, execute; references count from the warp's first.
final class WarpStream {
  fileprivate let instructions: UnsafeMutablePointer<DynamicInstruction>
  fileprivate let count: Int
  fileprivate let hash: UInt64

  fileprivate init(_ content: borrowing GrowableBuffer<DynamicInstruction>, hash: UInt64) {
    count = content.count
    self.hash = hash
    instructions = .allocate(capacity: max(1, count))
    instructions.initialize(from: content.base, count: count)
  }

  deinit { instructions.deallocate() }
}

/// The streams that warps came with lately.
struct StreamPool: ~Copyable {
  private static let size = 64
  private var recent: [WarpStream] = []
  private var next = 0
  private var scratch = GrowableBuffer<DynamicInstruction>()
  fileprivate var lists = AddressLists()

  /// The warp's stream, and the number of its first reference.
  mutating func stream(
    _ instructions: UnsafeMutableBufferPointer<DynamicInstruction>
  ) -> (WarpStream, first: Int) {
    var first = UInt32.max
    for instruction in instructions where instruction.referenceCount > 0 {
      first = min(first, instruction.reference)
    }
    if first == .max { first = 0 }
    scratch.removeAll()
    var hash = UInt64(instructions.count)
    for instruction in instructions {
      var own = instruction
      own.reference = own.referenceCount > 0 ? own.reference - first : 0
      scratch.append(own)
      hash = Self.mixed(hash, UInt64(own.index) << 32 | UInt64(own.mask))
      hash = Self.mixed(hash, UInt64(own.reference) << 32 | UInt64(own.referenceCount))
    }
    for stream in recent where stream.hash == hash && isEqual(stream) {
      return (stream, Int(first))
    }
    let stream = WarpStream(scratch, hash: hash)
    if recent.count < Self.size {
      recent.append(stream)
    } else {
      recent[next] = stream
      next = (next + 1) % Self.size
    }
    return (stream, Int(first))
  }

  fileprivate static func mixed(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    return product.high ^ product.low
  }

  private func isEqual(_ stream: WarpStream) -> Bool {
    guard stream.count == scratch.count else { return false }
    for index in 0..<stream.count {
      if stream.instructions[index] != scratch.base[index] { return false }
    }
    return true
  }
}

/// The address lists of one CTA, each of them once as far as a small table remembers.
private struct AddressLists: ~Copyable {
  private struct Known: BitwiseCopyable {
    var hash: UInt64 = 0
    var start = 0
    var count = -1
  }
  private static var slots: Int { 4096 }

  private(set) var addresses = GrowableBuffer<UInt64>()
  private let known: UnsafeMutablePointer<Known>

  init() {
    known = .allocate(capacity: Self.slots)
    known.initialize(repeating: Known(), count: Self.slots)
  }

  deinit { known.deallocate() }

  mutating func removeAll() {
    guard addresses.count > 0 else { return }
    addresses.removeAll()
    known.update(repeating: Known(), count: Self.slots)
  }

  /// The index of a list with these addresses.
  mutating func add(
    _ source: UnsafeMutableBufferPointer<UInt64>, from first: Int, count: Int
  ) -> UInt32 {
    var hash = UInt64(count)
    for place in first..<first + count { hash = StreamPool.mixed(hash, source[place]) }
    let slot = Int(hash & UInt64(Self.slots - 1))
    if known[slot].hash == hash, known[slot].count == count,
      matches(known[slot].start, source, first)
    {
      return UInt32(known[slot].start)
    }
    known[slot] = Known(hash: hash, start: addresses.count, count: count)
    for place in first..<first + count { addresses.append(source[place]) }
    return UInt32(known[slot].start)

    func matches(_ start: Int, _ source: UnsafeMutableBufferPointer<UInt64>, _ first: Int) -> Bool {
      for lane in 0..<count where addresses[start + lane] != source[first + lane] { return false }
      return true
    }
  }
}
