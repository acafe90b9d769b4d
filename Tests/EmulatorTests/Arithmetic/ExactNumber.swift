@testable import Emulator

/// ± an integer of any length · 2^`exponent`: the oracle of the arithmetic tests. It shares no
/// step with the code under test, which works by doubles and error-free transformations.
struct ExactNumber {
  var isNegative: Bool
  var limbs: [UInt32]
  var exponent: Int

  init(isNegative: Bool, limbs: [UInt32], exponent: Int) {
    self.isNegative = isNegative
    self.limbs = limbs
    self.exponent = exponent
    while self.limbs.last == 0 { self.limbs.removeLast() }
  }

  init(_ magnitude: UInt64, isNegative: Bool = false, exponent: Int = 0) {
    self.init(
      isNegative: isNegative,
      limbs: [UInt32(truncatingIfNeeded: magnitude), UInt32(truncatingIfNeeded: magnitude >> 32)],
      exponent: exponent)
  }

  init(_ value: Int64) { self.init(value.magnitude, isNegative: value < 0) }

  /// A finite double.
  init(_ value: Double) {
    let field = Int(value.bitPattern >> 52 & 0x7ff)
    let fraction = value.bitPattern & (1 << 52 - 1)
    self.init(
      field == 0 ? fraction : fraction | 1 << 52, isNegative: value.sign == .minus,
      exponent: max(field, 1) - 1075)
  }

  init(single: UInt32) { self.init(Double(Float(bitPattern: single))) }

  var isZero: Bool { limbs.isEmpty }

  var bitLength: Int {
    guard let top = limbs.last else { return 0 }
    return limbs.count * 32 - top.leadingZeroBitCount
  }

  func bit(_ index: Int) -> UInt64 {
    index < 0 || index / 32 >= limbs.count ? 0 : UInt64(limbs[index / 32] >> UInt32(index % 32) & 1)
  }

  /// The same value with `count` more zero bits.
  func lowered(_ count: Int) -> ExactNumber {
    var result = [UInt32](repeating: 0, count: count / 32)
    let shift = UInt64(count % 32)
    var carry: UInt64 = 0
    for limb in limbs {
      let wide = UInt64(limb) << shift | carry
      result.append(UInt32(truncatingIfNeeded: wide))
      carry = wide >> 32
    }
    result.append(UInt32(carry))
    return ExactNumber(isNegative: isNegative, limbs: result, exponent: exponent - count)
  }

  static func * (a: ExactNumber, b: ExactNumber) -> ExactNumber {
    var product = [UInt32](repeating: 0, count: a.limbs.count + b.limbs.count)
    for (i, x) in a.limbs.enumerated() {
      var carry: UInt64 = 0
      for (j, y) in b.limbs.enumerated() {
        let wide = UInt64(x) * UInt64(y) + UInt64(product[i + j]) + carry
        product[i + j] = UInt32(truncatingIfNeeded: wide)
        carry = wide >> 32
      }
      product[i + b.limbs.count] = UInt32(carry)
    }
    return ExactNumber(
      isNegative: a.isNegative != b.isNegative, limbs: product, exponent: a.exponent + b.exponent)
  }

  static func + (a: ExactNumber, b: ExactNumber) -> ExactNumber {
    if a.isZero { return b }
    if b.isZero { return a }
    let common = min(a.exponent, b.exponent)
    let (x, y) = (a.lowered(a.exponent - common), b.lowered(b.exponent - common))
    let count = max(x.limbs.count, y.limbs.count) + 1
    func sum(_ p: [UInt32], _ q: [UInt32], _ sign: Int64) -> [UInt32] {
      var carry: Int64 = 0
      return (0..<count).map { index in
        let first = index < p.count ? Int64(p[index]) : 0
        let second = index < q.count ? Int64(q[index]) : 0
        let wide = first + sign * second + carry
        carry = wide >> 32
        return UInt32(truncatingIfNeeded: wide)
      }
    }
    if x.isNegative == y.isNegative {
      return ExactNumber(
        isNegative: x.isNegative, limbs: sum(x.limbs, y.limbs, 1), exponent: common)
    }
    let (greater, less) = isLess(x.limbs, y.limbs) ? (y, x) : (x, y)
    return ExactNumber(
      isNegative: greater.isNegative, limbs: sum(greater.limbs, less.limbs, -1), exponent: common)
  }

  private static func isLess(_ a: [UInt32], _ b: [UInt32]) -> Bool {
    if a.count != b.count { return a.count < b.count }
    for (x, y) in zip(a.reversed(), b.reversed()) where x != y { return x < y }
    return false
  }

  /// The bits of an IEEE format, rounded once; the bias is IEEE's unless given.
  func bits(
    exponentBits: Int, fractionBits: Int, bias given: Int? = nil, _ rounding: Rounding
  ) -> UInt64 {
    let sign: UInt64 = isNegative ? 1 << UInt64(exponentBits + fractionBits) : 0
    guard !isZero else { return sign }
    let bias = given ?? (1 << (exponentBits - 1) - 1)
    let unit = max(exponent + bitLength - 1, 1 - bias) - fractionBits
    var significand = kept(from: unit, rounding)
    var field = 0
    if significand >> UInt64(fractionBits) != 0 {
      field = unit + fractionBits + bias
      significand -= 1 << UInt64(fractionBits)
    }
    let infinity: UInt64 = (1 << UInt64(exponentBits) - 1) << UInt64(fractionBits)
    guard field >= 1 << exponentBits - 1 else {
      let bits = UInt64(field) << UInt64(fractionBits) + significand
      if bits < infinity { return sign | bits }
      return sign | overflow(infinity, rounding)
    }
    return sign | overflow(infinity, rounding)
  }

  private func overflow(_ infinity: UInt64, _ rounding: Rounding) -> UInt64 {
    switch rounding {
    case .nearest: infinity
    case .zero: infinity - 1
    case .down: isNegative ? infinity : infinity - 1
    case .up: isNegative ? infinity - 1 : infinity
    }
  }

  /// The magnitude in units of 2^`unit`, rounded to an integer.
  func kept(from unit: Int, _ rounding: Rounding) -> UInt64 {
    let drop = unit - exponent
    var integer: UInt64 = 0
    for index in stride(from: bitLength - 1, through: max(drop, 0), by: -1) {
      integer = integer << 1 | bit(index)
    }
    if drop <= 0 { return integer << UInt64(-drop) }
    let half = bit(drop - 1) == 1
    let rest = (0..<max(drop - 1, 0)).contains { bit($0) == 1 }
    let grows =
      switch rounding {
      case .nearest: half && (rest || integer & 1 == 1)
      case .zero: false
      case .down: isNegative && (half || rest)
      case .up: !isNegative && (half || rest)
      }
    return integer + (grows ? 1 : 0)
  }
}
