/// Where a line lives: its L2 slice and set, its DRAM channel, bank and row.
///
/// Consecutive lines fill one slice after the other: a *superblock* has one line for each slice,
/// so that any aligned run of them loads all slices alike. Which line of a superblock goes to which
/// slice is scrambled by a hash of the superblock's number, so that no stride meets a slice more
/// often than another. The number of slices needs not be a power of two: its odd part is chosen by
/// range reduction, never by taking a hash modulo it.
struct AddressMap {
  private let slices: UInt64
  /// Slices = `odd` × 2^`bits`.
  private let bits: UInt64
  private let odd: UInt64
  private let sets: UInt64
  private let slicesPerChannel: UInt64
  private let linesPerRow: UInt64
  private let banks: UInt64
  private let bankBits: UInt64

  init(_ spec: MemorySystemSpec, lineBytes: Int) {
    slices = UInt64(spec.l2.slices)
    bits = UInt64(slices.trailingZeroBitCount)
    odd = slices >> bits
    let lines = spec.l2.size.count / lineBytes
    sets = UInt64(max(1, lines / spec.l2.slices / spec.l2.ways))
    slicesPerChannel = UInt64(max(1, spec.l2.slices / spec.dram.channels))
    linesPerRow = UInt64(max(1, spec.dram.rowSize.count / lineBytes))
    banks = UInt64(spec.dram.banks)
    bankBits = UInt64(banks.trailingZeroBitCount)
  }

  var setCount: Int { Int(sets) }

  /// A line's slice, and its number among the lines of that slice.
  func place(_ line: UInt64) -> (slice: Int, local: UInt64) {
    let mask: UInt64 = (1 << bits) - 1
    let group = line >> bits
    let superblock = group / odd
    let hash = Self.scramble(superblock)
    let low = (line & mask) ^ (hash & mask)
    var high = group % odd + Self.reduce(hash, odd)
    if high >= odd { high -= odd }
    return (Int(high << bits | low), superblock)
  }

  /// The line with number `local` in `slice`: the inverse of `place`.
  func line(slice: Int, local: UInt64) -> UInt64 {
    let mask: UInt64 = (1 << bits) - 1
    let hash = Self.scramble(local)
    let shift = Self.reduce(hash, odd)
    var high = UInt64(slice) >> bits
    high = high >= shift ? high - shift : high + odd - shift
    return (local * odd + high) << bits | ((UInt64(slice) ^ hash) & mask)
  }

  /// The lines of a slice, by number, that share a DRAM row with `local`.
  func rowMates(_ local: UInt64) -> Range<UInt64> {
    let count = max(1, linesPerRow / slicesPerChannel)
    let first = local / count * count
    return first..<first + count
  }

  /// The set of a slice's `local` line: aligned runs of lines fill all sets alike.
  func set(_ local: UInt64) -> Int {
    var set = local % sets + Self.reduce(Self.scramble(local / sets), sets)
    if set >= sets { set -= sets }
    return Int(set)
  }

  /// A line's channel, bank and row. Neighbouring lines of a channel share a row; rows are dealt to
  /// the banks in turn, in an order scrambled by the bits above.
  func dram(slice: Int, local: UInt64) -> (channel: Int, bank: Int, row: UInt32) {
    let channel = UInt64(slice) / slicesPerChannel
    let line = local * slicesPerChannel + UInt64(slice) % slicesPerChannel
    let block = line / linesPerRow
    let row = block >> bankBits
    let bank = (block ^ Self.scramble(row)) & (banks - 1)
    return (Int(channel), Int(bank), UInt32(truncatingIfNeeded: row))
  }

  /// The finaliser of MurmurHash3: every input bit changes every output bit with even odds.
  static func scramble(_ value: UInt64) -> UInt64 {
    var x = value
    x = (x ^ x >> 33) &* 0xff51_afd7_ed55_8ccd
    x = (x ^ x >> 33) &* 0xc4ce_b9fe_1a85_ec53
    return x ^ x >> 33
  }

  /// Maps a hash evenly to 0 ..< `count` by its upper bits.
  private static func reduce(_ hash: UInt64, _ count: UInt64) -> UInt64 {
    hash.multipliedFullWidth(by: count).high
  }
}
