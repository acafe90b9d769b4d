import ISA

/// Groups the lanes of a memory instruction into lines with sector masks, and counts the passes
/// that shared memory needs. Scratch space of one SM; nothing is allocated.
struct Coalescer {
  static let capacity = 96
  /// Lines of the last access and the sectors touched in each.
  var lines = InlineArray<96, UInt64>(repeating: 0)
  var sectors = InlineArray<96, UInt32>(repeating: 0)
  /// Bytes of each line that are written, from bit 0 of the first word on.
  var written = InlineArray<96, SIMD4<UInt32>>(repeating: SIMD4(repeating: 0))
  var count = 0
  /// Addresses of the executing lanes.
  var addresses = InlineArray<32, UInt64>(repeating: 0)
  var lanes = 0

  /// Writes out the addresses of the executing lanes.
  mutating func load(
    _ reference: AddressReference, _ pool: UnsafeMutablePointer<UInt64>, mask: UInt32
  ) {
    lanes = mask.nonzeroBitCount
    if reference.list == AddressReference.none {
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

  /// Passes through the banks of shared memory. 32-bit accesses take the whole warp at once;
  /// 64-bit ones two half-warps and 128-bit ones four quarters, unless fewer passes serve all.
  func sharedPasses(bytes: Int, banks: Int) -> Int {
    guard lanes > 0 else { return 1 }
    let group = bytes <= 4 ? 32 : bytes <= 8 ? 16 : 8
    let whole = degree(0, lanes, bytes: bytes, banks: banks)
    if lanes <= group { return whole }
    var sum = 0
    var start = 0
    while start < lanes {
      sum += degree(start, min(lanes, start + group), bytes: bytes, banks: banks)
      start += group
    }
    return min(sum, whole)
  }

  /// Most distinct words that lanes `start..<end` want from one bank.
  private func degree(_ start: Int, _ end: Int, bytes: Int, banks: Int) -> Int {
    let words = max(1, (bytes + 3) / 4)
    var perBank = InlineArray<64, UInt8>(repeating: 0)
    var most = 1
    for lane in start..<end {
      for word in 0..<words {
        let wanted = addresses[lane] / 4 &+ UInt64(word)
        var known = false
        for earlier in start..<lane where !known {
          let first = addresses[earlier] / 4
          known = wanted >= first && wanted < first &+ UInt64(words)
        }
        if known { continue }
        let bank = Int(wanted % UInt64(banks))
        perBank[bank] += 1
        most = max(most, Int(perBank[bank]))
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
