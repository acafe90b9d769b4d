/// Operands of a matrix unit, unpacked: their values, and beside them the exponents by which the
/// unit aligns products.
struct MatrixElements {
  private let values: UnsafeMutablePointer<Double>
  private let exponents: UnsafeMutablePointer<Int16>

  /// A zero's: it is never the greatest, whatever the zero is multiplied with.
  static let zeroExponent: Int16 = -4000
  /// An infinity's or NaN's: the greatest even with a zero's added.
  static let specialExponent: Int16 = 12_000

  static func withScratch(count: Int, _ body: (MatrixElements) -> Void) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { values in
      withUnsafeTemporaryAllocation(of: Int16.self, capacity: count) { exponents in
        guard let first = values.baseAddress, let second = exponents.baseAddress else { return }
        body(MatrixElements(values: first, exponents: second))
      }
    }
  }

  @inline(__always)
  func advanced(by count: Int) -> MatrixElements {
    MatrixElements(values: values + count, exponents: exponents + count)
  }

  @inline(__always)
  func copy(_ source: MatrixElements, from: Int, to: Int) {
    values[to] = source.values[from]
    exponents[to] = source.exponents[from]
  }

  /// The elements of a register.
  @inline(__always)
  func unpack(_ word: UInt32, _ format: FloatFormat, at first: Int) {
    switch format {
    case .half, .brain:
      set(first, format.value(UInt64(word & 0xffff)), format)
      set(first &+ 1, format.value(UInt64(word >> 16)), format)
    case .e4m3, .e5m2:
      for index in 0..<4 {
        set(
          first &+ index, format.value(UInt64(word &>> UInt32(truncatingIfNeeded: index &* 8))),
          format)
      }
    case .tensor, .single, .double:
      set(first, format.value(UInt64(word)), format)
    }
  }

  @inline(__always)
  private func set(_ index: Int, _ value: Double, _ format: FloatFormat) {
    values[index] = value
    exponents[index] = Self.exponent(value, least: format.leastExponent)
  }

  /// That of the leading bit, or of the least normal number for a denormal.
  @inline(__always)
  static func exponent(_ value: Double, least: Int16) -> Int16 {
    if value == 0 { return zeroExponent }
    let field = Int16(truncatingIfNeeded: value.bitPattern >> 52 & 0x7ff)
    return field == 0x7ff ? specialExponent : max(field &- 1023, least)
  }

  @inline(__always)
  func values(at index: Int) -> SIMD4<Double> {
    UnsafeRawPointer(values + index).loadUnaligned(as: SIMD4<Double>.self)
  }

  @inline(__always)
  func exponents(at index: Int) -> SIMD4<Int16> {
    UnsafeRawPointer(exponents + index).loadUnaligned(as: SIMD4<Int16>.self)
  }
}

extension FloatFormat {
  /// The exponent of the least normal number.
  @inline(__always)
  var leastExponent: Int16 {
    switch self {
    case .half, .e5m2: -14
    case .e4m3: -6
    case .brain, .tensor, .single: -126
    case .double: -1022
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
