/// How a generation's matrix units add up products of floating-point numbers.
///
/// Published: products are exact; those of one step and the accumulator are aligned to the
/// greatest exponent among them, cut to a fixed number of fraction bits, added exactly, and the sum
/// is cut to the accumulator's format (halves are rounded to nearest even). Denormals are
/// honoured. Steps follow each other along the inner dimension.
/// [Fasi, Higham, Mikaitis and Pranesh, Numerical behavior of NVIDIA tensor cores, 2021; Xie et
/// al., MMA-Sim, arXiv 2511.10909, 2025, whose widths these are and which found them bit for bit
/// on chips; Khattak and Mikaitis, Accurate Models of NVIDIA Tensor Cores, arXiv 2512.07004, 2025]
///
/// Assumed: a product that is zero has no part in finding the greatest exponent, a sum of nothing
/// but zeros is +0, and sparse matrices' steps count stored elements.
struct TensorUnit: Sendable {
  /// Bits below the greatest exponent that take part in a sum.
  var fractionBits: Int
  /// Products of 16-bit operands in a step; 32-bit operands have half as many, bytes twice.
  var halvesPerStep: Int
  /// The same two for eight-bit floats, where they differ.
  var eightBitFractionBits: Int

  static let volta = TensorUnit(fractionBits: 23, halvesPerStep: 4, eightBitFractionBits: 23)
  static let turing = TensorUnit(fractionBits: 24, halvesPerStep: 8, eightBitFractionBits: 24)
  static let ampere = TensorUnit(fractionBits: 24, halvesPerStep: 8, eightBitFractionBits: 24)
  static let ada = TensorUnit(fractionBits: 24, halvesPerStep: 8, eightBitFractionBits: 13)
  /// Hopper's `QGMMA` has 13 bits too, but that is another instruction; it has no `QMMA`.
  static let hopper = TensorUnit(fractionBits: 25, halvesPerStep: 16, eightBitFractionBits: 13)
  static let blackwell = TensorUnit(fractionBits: 25, halvesPerStep: 16, eightBitFractionBits: 25)

  /// By compute capability, 86 for 8.6.
  static func of(computeCapability: Int) -> TensorUnit {
    switch computeCapability {
    case ..<75: .volta
    case ..<80: .turing
    case 89: .ada
    case ..<90: .ampere
    case ..<100: .hopper
    default: .blackwell
    }
  }

  /// Fraction bits and products of a step for operands of a format.
  func step(_ format: FloatFormat) -> (fractionBits: Int, products: Int) {
    switch format {
    case .tensor, .single: (fractionBits, halvesPerStep / 2)
    case .e4m3, .e5m2: (eightBitFractionBits, halvesPerStep * 2)
    case .half, .brain, .double: (fractionBits, halvesPerStep)
    }
  }
}
