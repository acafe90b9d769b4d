import Foundation

@testable import Emulator

/// Double precision, by the host's own arithmetic.
enum DoubleForms {
  static let all: [Form] = arithmetic + comparisons + extrema

  private static func canonical(_ value: Double) -> UInt64 {
    value.isNaN ? 0xfff8_0000_0000_0000 : value.bitPattern
  }

  private static let arithmetic: [Form] = FloatOracle.directions.flatMap { name, rounding in
    func form(
      _ opcode: String, _ operands: Int, _ body: @escaping @Sendable ([Double]) -> Double
    ) -> Form {
      Form(opcode + name, trials: 10) { t in
        let d = t.destination(words: 2)
        let values = (0..<operands).map { _ in t.double() }
        return { lane in
          let numbers = values.map { Double(bitPattern: $0[lane]) }
          d.set(canonical(FloatOracle.rounded(rounding) { body(numbers) }))
        }
      }
    }
    return [
      form("DADD", 2) { fma($0[0], 1, $0[1]) },
      form("DMUL", 2) {
        fma($0[0], $0[1], ($0[0].sign == .minus) != ($0[1].sign == .minus) ? -0.0 : 0)
      },
      form("DFMA", 3) { fma($0[0], $0[1], $0[2]) },
    ]
  }

  private static let comparisons: [Form] = SingleForms.comparisonNames.enumerated().map {
    index, name in
    let logic = ["AND", "OR", "XOR"][index % 3]
    return Form("DSETP.\(name).\(logic)") { t in
      let (p, q) = (t.predicateResult(), t.predicateResult())
      let (a, b, r) = (t.double(), t.double(), t.predicate())
      return { lane in
        let result = SingleForms.holds(
          name, Double(bitPattern: a[lane]), Double(bitPattern: b[lane]))
        p.set(IntegerForms.combined(result, logic, r[lane]))
        q.set(IntegerForms.combined(!result, logic, r[lane]))
      }
    }
  }

  /// The first result chooses; for a NaN it chooses the other operand.
  private static let extrema: [Form] = ["MIN", "MAX"].map { name in
    Form("DSETP.\(name).AND", trials: 8) { t in
      let (p, q) = (t.predicateResult(), t.predicateResult())
      let (a, b) = (t.double(), t.double())
      t.add(text: "PT")
      return { lane in
        let (x, y) = (Double(bitPattern: a[lane]), Double(bitPattern: b[lane]))
        let isLess = x < y || x == y && x.sign == .minus && y.sign == .plus
        let isEqual = x.bitPattern == y.bitPattern
        if !isEqual { p.set(y.isNaN ? !x.isNaN : !x.isNaN && isLess == (name == "MIN")) }
        if isEqual { p.set(acceptable: { _ in true }) }
        q.set(x.isNaN && y.isNaN)
      }
    }
  }
}
