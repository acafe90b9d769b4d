/// Elementary functions in double precision from additions, multiplications and divisions only:
/// the same bits on every host, whatever its mathematics library. Each is good to a few units in
/// the 50th bit, far more than the single-precision results made from them need.
enum ElementaryFunctions {
  /// 2^x for |x| up to some thousands.
  static func exponentialBase2(_ x: Double) -> Double {
    if x > 1100 { return .infinity }
    if x < -1100 { return 0 }
    let whole = x.rounded(.toNearestOrEven)
    let y = (x - whole) * 0.693147180559945309417
    // Taylor's series to y^13 / 13!; |y| ≤ 0.35 leaves 4e-18.
    var sum = 1.0
    var divisor = 13.0
    while divisor > 0 {
      sum = 1 + y / divisor * sum
      divisor -= 1
    }
    return scaled(sum, Int(whole))
  }

  /// log2 x for a positive normal number.
  static func logarithmBase2(_ x: Double) -> Double {
    var exponent = Int(x.bitPattern >> 52 & 0x7ff) &- 1023
    var significand = Double(
      bitPattern: x.bitPattern & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000)
    // Between √½ and √2, so that the logarithm of numbers near one stays exact to the last bits.
    if significand > 1.4142135623730951 {
      significand /= 2
      exponent &+= 1
    }
    // log m = 2 artanh s with s = (m − 1) / (m + 1), |s| < 0.172; s^25 is below 1e-19.
    let s = (significand - 1) / (significand + 1)
    let square = s * s
    var sum = 0.0
    var divisor = 23.0
    while divisor > 0 {
      sum = sum * square + 1 / divisor
      divisor -= 2
    }
    return Double(exponent) + s * sum * 2.885390081777926814720
  }

  /// The sine and the cosine of `turns` full turns.
  static func sineAndCosine(turns: Double) -> (sine: Double, cosine: Double) {
    // An eighth of a turn to both sides of a multiple of a quarter; the difference is exact.
    let quarters = (turns * 4).rounded(.toNearestOrEven)
    let angle = (turns * 4 - quarters) * 1.57079632679489661923
    let square = angle * angle
    // Taylor's series to the 17th and 18th power; |angle| ≤ π/4 leaves 1e-19.
    var sine = 1.0
    var cosine = 1.0
    var index = 17.0
    while index > 1 {
      sine = 1 - square / (index * (index - 1)) * sine
      cosine = 1 - square / (index * (index + 1)) * cosine
      index -= 2
    }
    // The cosine's series has its first term still to come.
    cosine = 1 - square / 2 * cosine
    sine *= angle
    // Above 2^53 every number is a multiple of four.
    let quadrant = quarters - (quarters / 4).rounded(.down) * 4
    switch quadrant {
    // Subtracted, not negated: a zero stays +0.
    case 1: return (cosine, 0 - sine)
    case 2: return (0 - sine, -cosine)
    case 3: return (-cosine, sine)
    default: return (sine, cosine)
    }
  }

  static func hyperbolicTangent(_ x: Double) -> Double {
    let magnitude = x.magnitude
    if magnitude < 0x1p-7 {
      // x − x³/3 + 2x⁵/15 − 17x⁷/315; the next term is below 2^-61 of x.
      let square = x * x
      return x * (1 - square * (1 / 3.0 - square * (2 / 15.0 - square * (17 / 315.0))))
    }
    if magnitude > 30 { return x < 0 ? -1 : 1 }
    // With e = exp(−2|x|): (1 − e) / (1 + e).
    let e = exponentialBase2(magnitude * -2.885390081777926814720)
    let value = (1 - e) / (1 + e)
    return x < 0 ? -value : value
  }

  /// `value`·2^`exponent` for a value near one, rounding at most once.
  static func scaled(_ value: Double, _ exponent: Int) -> Double {
    let half = exponent / 2
    return value * power(half) * power(exponent &- half)
  }

  /// 2^`exponent` for −1022…1023.
  @inline(__always)
  static func power(_ exponent: Int) -> Double {
    Double(bitPattern: UInt64(truncatingIfNeeded: exponent &+ 1023) << 52)
  }
}
