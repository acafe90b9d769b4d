/// `MUFU`'s functions by name.
enum Transcendental {
  enum Function: Int {
    case reciprocal, reciprocalRoot, root, sine, cosine, exponential, logarithm, tangent
    case reciprocal64, reciprocalRoot64
  }

  static func evaluate(_ function: Function, _ bits: UInt32) -> UInt32 {
    switch function {
    case .reciprocal: SinglePrecision.reciprocal(bits)
    case .reciprocalRoot: SinglePrecision.reciprocalSquareRoot(bits)
    case .root: SinglePrecision.squareRoot(bits)
    case .sine: SinglePrecision.sine(bits)
    case .cosine: SinglePrecision.cosine(bits)
    case .exponential: SinglePrecision.exponentialBase2(bits)
    case .logarithm: SinglePrecision.logarithmBase2(bits)
    case .tangent: SinglePrecision.hyperbolicTangent(bits)
    case .reciprocal64: SinglePrecision.reciprocal64High(bits)
    case .reciprocalRoot64: SinglePrecision.reciprocalSquareRoot64High(bits)
    }
  }
}
