/// Double-precision arithmetic on bit patterns; fused, with all rounding directions.
///
/// Every NaN result is 0xfff8000000000000 (CUDA C++ Programming Guide, floating-point standard).
enum DoublePrecision {
  static let nan: UInt64 = 0xfff8_0000_0000_0000

  @inline(__always)
  static func canonical(_ value: Double) -> UInt64 { value.isNaN ? nan : value.bitPattern }

  static func multiplyAdd(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ rounding: Rounding) -> UInt64 {
    let (x, y, z) = (Double(bitPattern: a), Double(bitPattern: b), Double(bitPattern: c))
    let nearest = z.addingProduct(x, y)
    if rounding == .nearest || nearest.isNaN || !x.isFinite || !y.isFinite || !z.isFinite {
      return canonical(nearest)
    }
    return canonical(directed(nearest, x, y, z, rounding))
  }

  static func add(_ a: UInt64, _ b: UInt64, _ rounding: Rounding) -> UInt64 {
    if rounding == .nearest {
      return canonical(Double(bitPattern: a) + Double(bitPattern: b))
    }
    return multiplyAdd(a, Double(1).bitPattern, b, rounding)
  }

  static func multiply(_ a: UInt64, _ b: UInt64, _ rounding: Rounding) -> UInt64 {
    let product = Double(bitPattern: a) * Double(bitPattern: b)
    if rounding == .nearest || product == 0 && (a << 1 == 0 || b << 1 == 0) {
      return canonical(product)
    }
    // Adding a zero of the product's sign keeps an exact product and its sign.
    let zero: UInt64 = (a ^ b) & 0x8000_0000_0000_0000
    return multiplyAdd(a, b, zero, rounding)
  }

  /// The nearest result, moved by one when the exact one lies on the other side.
  private static func directed(
    _ nearest: Double, _ x: Double, _ y: Double, _ z: Double, _ rounding: Rounding
  ) -> Double {
    if nearest == 0, x * y == 0 || x * y == -z {
      let product = x * y
      let residue = residueSign(nearest, x, y, z)
      if residue == 0 {
        if product == 0, z == 0, product.sign == z.sign { return nearest }
        return rounding == .down ? -0.0 : 0.0
      }
    }
    let residue = nearest.isInfinite ? (nearest > 0 ? -1 : 1) : residueSign(nearest, x, y, z)
    guard residue != 0 else { return nearest }
    switch rounding {
    case .nearest: return nearest
    case .down: return residue < 0 ? nearest.nextDown : nearest
    case .up: return residue > 0 ? nearest.nextUp : nearest
    case .zero:
      let isPositive = nearest > 0 || nearest == 0 && residue > 0
      if isPositive { return residue < 0 ? nearest.nextDown : nearest }
      return residue > 0 ? nearest.nextUp : nearest
    }
  }

  /// The sign of x·y + z − nearest, exactly: a sum of integers at a common scale.
  private static func residueSign(
    _ nearest: Double, _ x: Double, _ y: Double, _ z: Double
  ) -> Int {
    let product = WideInteger(x, times: y)
    return WideInteger.signOfSum([product, WideInteger(z), WideInteger(-nearest)])
  }
}

/// A signed magnitude of 128 bits times a power of two: enough for a product of two doubles.
private struct WideInteger {
  var magnitude: UInt128
  var exponent: Int
  var isNegative: Bool

  init(_ value: Double) { self.init(value, times: 1) }

  init(_ x: Double, times y: Double) {
    let (a, p) = Self.parts(x)
    let (b, q) = Self.parts(y)
    magnitude = UInt128(a) * UInt128(b)
    exponent = p + q
    isNegative = (x.sign == .minus) != (y.sign == .minus)
  }

  private static func parts(_ value: Double) -> (UInt64, Int) {
    let biased = Int(value.bitPattern >> 52 & 0x7ff)
    let fraction = value.bitPattern & 0xf_ffff_ffff_ffff
    return biased == 0 ? (fraction, -1074) : (fraction | 1 << 52, biased - 1075)
  }

  /// The sign of a sum of a few values, by adding digits of 32 bits from the top down.
  static func signOfSum(_ terms: [WideInteger]) -> Int {
    let used = terms.filter { $0.magnitude != 0 }
    guard let lowest = used.map(\.exponent).min() else { return 0 }
    // Digits of a two's-complement-free signed sum: carries are settled from below.
    var digits: [Int64] = []
    for term in used {
      let shift = term.exponent - lowest
      var position = shift / 32
      var rest = term.magnitude
      let bits = shift % 32
      var carry: UInt64 = 0
      while rest != 0 || carry != 0 {
        while digits.count <= position { digits.append(0) }
        let piece = (UInt64(truncatingIfNeeded: rest & 0xffff_ffff) << UInt64(bits)) + carry
        digits[position] += (term.isNegative ? -1 : 1) * Int64(piece & 0xffff_ffff)
        carry = piece >> 32
        rest >>= 32
        position += 1
      }
    }
    for index in digits.indices.dropLast() {
      let carry = digits[index] >> 32
      digits[index] &= 0xffff_ffff
      digits[index + 1] += carry
    }
    guard let top = digits.last else { return 0 }
    if top != 0 { return top < 0 ? -1 : 1 }
    return digits.contains { $0 != 0 } ? 1 : 0
  }
}
