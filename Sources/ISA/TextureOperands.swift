/// How many registers a texture instruction reads and writes.
///
/// Results are two vectors: the first one written in the text takes the third and fourth of the
/// chosen components, the second one the first two. Arguments are layer, coordinates, handle
/// (`.B`) and level (`.LL`), cut in half between two vectors where the text says `.SCR`.
struct TextureOperands {
  /// Registers of the two results, as they stand in the text.
  var results = (0, 0)
  /// Registers of the two argument vectors.
  var sources = (0, 0)

  /// Whether the operands of an opcode follow this form.
  static func describes(_ base: String) -> Bool {
    ["TEX", "TLD", "TLD4", "TXD", "TXQ"].contains(base)
  }

  init(_ base: String, modifiers: [String], operands: [String]) {
    var mask = 0xf
    if let last = operands.last, operands.count > 1, last.hasPrefix("0x"),
      let value = Int(last.dropFirst(2), radix: 16),
      base == "TXQ" || Self.coordinates(operands[operands.count - 2]) != nil
    {
      mask = value
    }
    let components = (mask & 0xf).nonzeroBitCount
    results = (max(0, components - 2), min(2, components))
    let isBound = modifiers.contains("B")
    if base == "TXQ" {
      sources = (isBound ? 2 : 1, 0)
      return
    }
    let points = operands.lazy.compactMap(Self.coordinates).first ?? 1
    let extra = (isBound ? 1 : 0) + (modifiers.contains("LL") ? 1 : 0)
    if base == "TXD" {
      // Two gradients for each coordinate; none for the layer.
      let isArray = operands.contains { $0.hasPrefix("ARRAY") }
      sources = (points + (isBound ? 1 : 0), 2 * (points - (isArray ? 1 : 0)))
    } else if modifiers.contains("SCR") {
      let count = points + extra
      sources = ((count + 1) / 2, count / 2)
    } else {
      sources = (points, extra)
    }
  }

  /// Coordinates of a texture's or surface's dimensions, the layer included.
  static func coordinates(_ name: String) -> Int? {
    switch name {
    case "1D": 1
    case "2D", "ARRAY_1D", "1D_ARRAY": 2
    case "3D", "CUBE", "ARRAY_2D", "2D_ARRAY": 3
    case "ARRAY_CUBE": 4
    default: nil
    }
  }
}
