/// What a tensor core adds: one step of D = A·B + C for one element.
///
/// Products are exact. Products and accumulator are aligned to the greatest exponent among them,
/// cut there, added, and the sum is cut to single precision. Elements are added in blocks.
/// Source: Fasi, Higham, Mikaitis and Pranesh, "Numerical behavior of NVIDIA tensor cores",
/// PeerJ Computer Science 7:e330 (2021): truncation, alignment before the sum, blocks of 4
/// products (V100, T4) and of 8 (A100) for half inputs, extra bits below the 24 of the format.
struct TensorAccumulation {
  /// Products that are added at once.
  var block: Int
  /// Fraction bits kept below the greatest exponent.
  var alignedBits: Int

  /// `products` are exact; the result is cut to single precision.
  func add(_ products: UnsafeBufferPointer<Double>, to accumulator: Double) -> Double {
    var sum = accumulator
    var index = 0
    while index < products.count {
      let end = min(index + block, products.count)
      sum = step(products, index, end, sum)
      index = end
    }
    return sum
  }

  private func step(
    _ products: UnsafeBufferPointer<Double>, _ start: Int, _ end: Int, _ accumulator: Double
  ) -> Double {
    var greatest = accumulator.bitPattern >> 52 & 0x7ff
    for index in start..<end {
      greatest = max(greatest, products[index].bitPattern >> 52 & 0x7ff)
    }
    if greatest == 0x7ff {
      var sum = accumulator
      for index in start..<end { sum += products[index] }
      return sum
    }
    if greatest == 0 { return accumulator }
    // Integers in units of the last bit kept.
    let unit = Int(greatest) - 1023 - alignedBits
    let scale = Double(sign: .plus, exponent: -unit, significand: 1)
    var total = Int64(accumulator * scale)
    for index in start..<end { total += Int64(products[index] * scale) }
    return Double(
      ExactSum.single(
        Double(total) * Double(sign: .plus, exponent: unit, significand: 1), .zero))
  }
}

/// Where the elements of mma.sync fragments stand; PTX ISA, "Matrix Fragments for mma".
/// A register holds `perRegister` neighbouring elements along K.
struct FragmentLayout {
  /// Rows of A: 16, or 8 for the small shapes.
  var rows: Int
  /// Inner dimension.
  var depth: Int
  var perRegister: Int

  /// Elements of K that one register of the four lanes of a group covers.
  var span: Int { perRegister * 4 }

  /// Register and lane of A's element.
  @inline(__always)
  func a(row: Int, k: Int) -> (register: Int, lane: Int, element: Int) {
    let halves = rows / 8
    let register = (k / span) * halves + row / 8
    return (register, (row % 8) * 4 + k % span / perRegister, k % perRegister)
  }

  @inline(__always)
  func b(k: Int, column: Int) -> (register: Int, lane: Int, element: Int) {
    (k / span, column * 4 + k % span / perRegister, k % perRegister)
  }

  /// Register (of 32-bit results) and lane of C's element.
  @inline(__always)
  static func c(row: Int, column: Int) -> (register: Int, lane: Int) {
    (row / 8 * 2 + column % 2, row % 8 * 4 + column / 2)
  }
}
