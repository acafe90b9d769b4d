import ISA

/// Groups the lanes of a memory instruction into lines with sector masks, and counts the passes
/// that shared memory needs. Scratch space of one SM; nothing is allocated.
struct Coalescer: ~Copyable {
  static let capacity = 96
  private static let mostBanks = 64
  /// Lines of the last access and the sectors touched in each.
  let lines: UnsafeMutablePointer<UInt64>
  let sectors: UnsafeMutablePointer<UInt32>
  /// Cycle of the access in which each line's tag is looked up.
  let turns: UnsafeMutablePointer<Int>
  /// Bytes of each line that are written, from bit 0 of the first word on.
  let written: UnsafeMutablePointer<SIMD4<UInt32>>
  var count = 0
  /// Addresses of the executing lanes.
  let addresses: UnsafeMutablePointer<UInt64>
  var lanes = 0
  private var mask: UInt32 = 0
  /// Bytes between neighbouring executing lanes, where that is one number.
  private var pitch: Int64?
  /// Distinct words wanted from each bank of shared memory, at most one of each lane.
  private let bankWords: UnsafeMutablePointer<UInt64>
  private let bankCounts: UnsafeMutablePointer<Int>

  init() {
    lines = .allocate(capacity: Self.capacity)
    lines.initialize(repeating: 0, count: Self.capacity)
    sectors = .allocate(capacity: Self.capacity)
    sectors.initialize(repeating: 0, count: Self.capacity)
    turns = .allocate(capacity: Self.capacity)
    turns.initialize(repeating: 0, count: Self.capacity)
    written = .allocate(capacity: Self.capacity)
    written.initialize(repeating: SIMD4(repeating: 0), count: Self.capacity)
    addresses = .allocate(capacity: 32)
    addresses.initialize(repeating: 0, count: 32)
    bankWords = .allocate(capacity: Self.mostBanks * 32)
    bankWords.initialize(repeating: 0, count: Self.mostBanks * 32)
    bankCounts = .allocate(capacity: Self.mostBanks)
    bankCounts.initialize(repeating: 0, count: Self.mostBanks)
  }

  deinit {
    lines.deallocate()
    sectors.deallocate()
    turns.deallocate()
    written.deallocate()
    addresses.deallocate()
    bankWords.deallocate()
    bankCounts.deallocate()
  }

  /// Writes out the addresses of the executing lanes.
  mutating func load(
    _ reference: AddressReference, _ pool: UnsafeMutablePointer<UInt64>, mask: UInt32
  ) {
    self.mask = mask
    lanes = mask.nonzeroBitCount
    pitch = nil
    if reference.list == AddressReference.none {
      pitch = reference.stride
      var address = reference.base
      for lane in 0..<lanes {
        addresses[lane] = address
        address = address &+ UInt64(bitPattern: reference.stride)
      }
    } else {
      for lane in 0..<lanes { addresses[lane] = pool[Int(reference.list) + lane] }
    }
  }

  /// Collects the lines that accesses of `bytes` at each address touch.
  mutating func coalesce(bytes: Int, lineBytes: UInt64, sectorBytes: UInt64) {
    count = 0
    for lane in 0..<lanes {
      let first = addresses[lane] / sectorBytes
      let last = (addresses[lane] &+ UInt64(max(1, bytes) - 1)) / sectorBytes
      let perLine = lineBytes / sectorBytes
      touch(first / perLine, 1 << UInt32(first % perLine))
      if last != first {
        // An access of at most 16 bytes touches at most two sectors.
        touch(last / perLine, 1 << UInt32(last % perLine))
      }
    }
  }

  /// Notes the bytes that stores of `bytes` at each address write. Lines are those of `coalesce`,
  /// of at most 128 bytes.
  mutating func markWritten(bytes: Int) {
    for line in 0..<count { written[line] = SIMD4(repeating: 0) }
    for lane in 0..<lanes {
      var address = addresses[lane]
      var left = bytes
      while left > 0 {
        // Up to the end of the 32 bytes that the address lies in.
        let offset = Int(address & 31)
        let part = min(left, 32 - offset)
        let bits = (part == 32 ? UInt32.max : (1 << UInt32(part)) - 1) << UInt32(offset)
        if let line = find(address >> 7) { written[line][Int(address >> 5 & 3)] |= bits }
        address = address &+ UInt64(part)
        left -= part
      }
    }
  }

  private func find(_ line: UInt64) -> Int? {
    for index in 0..<count where lines[index] == line { return index }
    return nil
  }

  /// The sectors of a line that are written whole.
  func wholeSectors(_ line: Int) -> UInt32 {
    var whole: UInt32 = 0
    for part in 0..<4 where written[line][part] == .max { whole |= 1 << UInt32(part) }
    return whole
  }

  private mutating func touch(_ line: UInt64, _ sector: UInt32) {
    var index = count - 1
    while index >= 0 {
      if lines[index] == line {
        sectors[index] |= sector
        return
      }
      index -= 1
    }
    guard count < Self.capacity else { return }
    lines[count] = line
    sectors[count] = sector
    count += 1
  }

  /// Cycles on the way back to the sub-cores, which takes one register of a warp, 128 bytes, a
  /// cycle. Two registers share one when lanes n and n^1, or n and n^2, ask for the same: so a
  /// NVIDIA engineer for compute capability 7.x (forums.developer.nvidia.com/t/77228).
  func returnCycles(words: Int) -> Int {
    words > 1 && (neighboursAgree(1) || neighboursAgree(2)) ? (words + 1) / 2 : words
  }

  /// Whether all executing lanes n and n^`distance` have the same address.
  private func neighboursAgree(_ distance: UInt32) -> Bool {
    var left = mask & (mask >> distance) & (distance == 1 ? 0x5555_5555 : 0x3333_3333)
    while left != 0 {
      let lane = UInt32(left.trailingZeroBitCount)
      left &= left &- 1
      if addresses[position(lane)] != addresses[position(lane + distance)] { return false }
    }
    return true
  }

  /// Where the address of a lane is: how many executing lanes come before it.
  private func position(_ lane: UInt32) -> Int {
    lane == 32 ? lanes : (mask & (1 << lane &- 1)).nonzeroBitCount
  }

  /// Passes through the banks of shared memory: as many groups of neighbouring lanes, one after the
  /// other, as there are registers to return.
  func sharedPasses(bytes: Int, banks: Int) -> Int {
    guard lanes > 0 else { return 1 }
    let words = (bytes + 3) / 4
    if words <= 1 { return degree(0, lanes, bytes: bytes, banks: banks) }
    let group = UInt32(32 / returnCycles(words: words == 3 ? 4 : words))
    var passes = 0
    for first in stride(from: 0, to: 32, by: Int(group)) {
      let start = position(UInt32(first))
      let end = position(UInt32(first) + group)
      if end > start { passes += degree(start, end, bytes: bytes, banks: banks) }
    }
    return passes
  }

  /// Most distinct words that lanes `start..<end` want from one bank; `banks` is a power of two.
  private func degree(_ start: Int, _ end: Int, bytes: Int, banks: Int) -> Int {
    let words = UInt64(max(1, (bytes + 3) / 4))
    // All lanes want the same, or together a row of words without gaps.
    if pitch == 0 || pitch == Int64(words * 4) && addresses[start] % 4 == 0 {
      let row = (pitch == 0 ? 1 : end - start) * Int(words)
      return (row + banks - 1) / banks
    }
    bankCounts.update(repeating: 0, count: banks)
    var most = 1
    for lane in start..<end {
      let first = addresses[lane] / 4
      for word in first..<first + words {
        let bank = Int(word & UInt64(banks - 1))
        let known = bankWords + bank * 32
        let count = bankCounts[bank]
        var index = 0
        while index < count, known[index] != word { index += 1 }
        if index < count || count == 32 { continue }
        known[count] = word
        bankCounts[bank] = count + 1
        most = max(most, count + 1)
      }
    }
    return most
  }

  /// Most lanes that share one address: atomics on it take turns.
  func sameAddressLanes() -> Int {
    var most = 1
    for lane in 0..<lanes {
      var same = 0
      for other in 0..<lanes where addresses[other] == addresses[lane] { same += 1 }
      most = max(most, same)
    }
    return most
  }
}
