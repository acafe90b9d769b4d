/// A floating-point operand taken apart: `significand`·2^(`exponent` − `fractionBits` of its
/// format), the significand signed.
struct MatrixElement {
  var significand: Int32
  /// That of the leading bit of a normal number; denormals have the least normal one's.
  var exponent: Int32

  /// Below every other, so that a zero is never the greatest, whatever it is multiplied with.
  static let zeroExponent: Int32 = -10_000
  /// An infinity has a significand of ±1, a NaN one of 0.
  static let specialExponent: Int32 = 100_000
  /// What no sum of two exponents exceeds without a special one.
  static let greatestExponent: Int32 = 10_000

  @inline(__always)
  init(significand: Int32, exponent: Int32) {
    self.significand = significand
    self.exponent = exponent
  }

  /// From magnitude bits with a bias; what is above `greatest` is infinity first and then NaN.
  @inline(__always)
  private init(
    magnitude: UInt32, isNegative: Bool, fractionBits: UInt32, bias: Int32, greatest: UInt32,
    hasInfinity: Bool = true
  ) {
    let sign: Int32 = isNegative ? -1 : 1
    if magnitude > greatest {
      let isInfinity = hasInfinity && magnitude == greatest &+ 1
      self.init(significand: isInfinity ? sign : 0, exponent: Self.specialExponent)
      return
    }
    let field = magnitude &>> fractionBits
    let leading: UInt32 = field == 0 ? 0 : 1 &<< fractionBits
    let fraction = Int32(truncatingIfNeeded: magnitude & ((1 &<< fractionBits) &- 1) | leading)
    self.init(
      significand: fraction &* sign,
      exponent: magnitude == 0
        ? Self.zeroExponent : max(Int32(truncatingIfNeeded: field), 1) &- bias)
  }

  @inline(__always)
  init(_ bits: UInt32, _ format: FloatFormat) {
    switch format {
    case .half:
      self.init(
        magnitude: bits & 0x7fff, isNegative: bits & 0x8000 != 0, fractionBits: 10, bias: 15,
        greatest: 0x7bff)
    case .brain:
      self.init(
        magnitude: bits & 0x7fff, isNegative: bits & 0x8000 != 0, fractionBits: 7, bias: 127,
        greatest: 0x7f7f)
    case .tensor:
      self.init(
        magnitude: (bits << 1) >> 14, isNegative: bits >> 31 != 0, fractionBits: 10, bias: 127,
        greatest: 0x3fbff)
    case .e4m3:
      self.init(
        magnitude: bits & 0x7f, isNegative: bits & 0x80 != 0, fractionBits: 3, bias: 7,
        greatest: 0x7e, hasInfinity: false)
    case .e5m2:
      self.init(
        magnitude: bits & 0x7f, isNegative: bits & 0x80 != 0, fractionBits: 2, bias: 15,
        greatest: 0x7b)
    case .single, .double:
      self.init(
        magnitude: bits & 0x7fff_ffff, isNegative: bits >> 31 != 0, fractionBits: 23, bias: 127,
        greatest: 0x7f7f_ffff)
    }
  }
}

extension FloatFormat {
  /// Bits below the binary point of a matrix element's significand.
  @inline(__always)
  var fractionBits: Int {
    switch self {
    case .half, .tensor: 10
    case .brain: 7
    case .single: 23
    case .double: 52
    case .e4m3: 3
    case .e5m2: 2
    }
  }

  /// Elements in a register.
  var perRegister: Int {
    switch self {
    case .half, .brain: 2
    case .e4m3, .e5m2: 4
    case .tensor, .single, .double: 1
    }
  }
}
