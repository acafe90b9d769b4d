import Foundation

/// A curve as a picture for Markdown pages: measured line and band, simulated dots.
struct CurveSVG {
  private let curve: ValidationPage.Curve

  private static let width = 860.0
  private static let height = 470.0
  private static let (left, right, top, bottom) = (68.0, 40.0, 58.0, 62.0)

  init(_ curve: ValidationPage.Curve) { self.curve = curve }

  /// `curve-rtx-4090.svg`.
  var name: String {
    "curve-"
      + curve.title.lowercased().map { $0.isLetter || $0.isNumber ? String($0) : "-" }
      .joined() + ".svg"
  }

  private var low: Double { curve.measured.map(\.x).min() ?? 1 }
  private var high: Double { max(curve.measured.map(\.x).max() ?? 2, low * 2) }

  private var ceiling: Double {
    let values = curve.measured.map { $0.high ?? $0.y } + curve.simulated.map(\.y)
    return step * ((values.max() ?? 1) * 1.04 / step).rounded(.up)
  }

  /// Between lines of the grid: 1, 2 or 5 times a power of ten, for at most ten of them.
  private var step: Double {
    let values = curve.measured.map { $0.high ?? $0.y } + curve.simulated.map(\.y)
    let least = max(values.max() ?? 1, 1e-9) / 9
    let power = pow(10, log10(least).rounded(.down))
    return [1, 2, 5, 10].map { $0 * power }.first { $0 >= least } ?? 10 * power
  }

  private func x(_ size: Double) -> Double {
    Self.left + (Self.width - Self.left - Self.right) * log(size / low) / log(high / low)
  }

  private func y(_ value: Double) -> Double {
    Self.height - Self.bottom - (Self.height - Self.top - Self.bottom) * value / ceiling
  }

  private func place(_ x: Double, _ y: Double) -> String { "\(decimal(x, 1)),\(decimal(y, 1))" }

  private func text(
    _ x: Double, _ y: Double, _ words: String, _ anchor: String = "middle",
    _ extra: String = "fill=\"#52606d\""
  ) -> String {
    "<text x=\"\(decimal(x, 1))\" y=\"\(decimal(y, 1))\" text-anchor=\"\(anchor)\" \(extra)>"
      + "\(HTMLText.escaped(words))</text>"
  }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: String)
    -> String
  {
    "<line x1=\"\(decimal(x1, 1))\" y1=\"\(decimal(y1, 1))\" x2=\"\(decimal(x2, 1))\" "
      + "y2=\"\(decimal(y2, 1))\" stroke=\"\(color)\"/>"
  }

  /// The whole file.
  var svg: String {
    let open =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 470\" width=\"860\" "
      + "height=\"470\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\" "
      + "font-size=\"13\">"
    let title = text(
      Self.left, 26, "\(curve.title): latency of a dependent load", "start",
      "fill=\"#1f2933\" font-size=\"17\" font-weight=\"bold\"")
    let parts =
      [open, "<rect width=\"860\" height=\"470\" fill=\"#ffffff\"/>", title] + axes + band
      + [measured] + dots + legend + ["</svg>"]
    return parts.joined(separator: "\n") + "\n"
  }

  private var axes: [String] {
    var parts: [String] = []
    let floor = Self.height - Self.bottom
    for value in stride(from: 0, through: ceiling, by: step) {
      parts.append(line(Self.left, y(value), Self.width - Self.right, y(value), "#e4e7eb"))
      parts.append(text(Self.left - 8, y(value) + 4.5, decimal(value, 0), "end"))
    }
    var size = 1.0
    while size <= high {
      if size >= low {
        parts.append(line(x(size), floor, x(size), floor + 5, "#52606d"))
        let label =
          size >= 1024 ? "\(decimal(size / 1024, 0)) MiB" : "\(decimal(size, 0)) \(curve.axis)"
        parts.append(text(x(size), floor + 20, label))
      }
      size *= 4
    }
    parts.append(line(Self.left, floor, Self.width - Self.right, floor, "#52606d"))
    parts.append(text((Self.left + Self.width - Self.right) / 2, Self.height - 14, "footprint"))
    parts.append(
      text(
        0, 0, "\(curve.unit) per load", "middle",
        "fill=\"#52606d\" transform=\"translate(18 \(decimal((Self.top + floor) / 2, 0))) "
          + "rotate(-90)\""))
    return parts
  }

  private var band: [String] {
    let known = curve.measured.filter { $0.low != nil && $0.high != nil }
    guard known.count == curve.measured.count, !known.isEmpty else { return [] }
    let edge =
      known.map { place(x($0.x), y($0.high ?? $0.y)) }
      + known.reversed().map { place(x($0.x), y($0.low ?? $0.y)) }
    return ["<polygon points=\"\(edge.joined(separator: " "))\" fill=\"#cfe0f2\"/>"]
  }

  private var measured: String {
    let points = curve.measured.map { place(x($0.x), y($0.y)) }.joined(separator: " ")
    return "<polyline points=\"\(points)\" fill=\"none\" stroke=\"#2f6fb3\" stroke-width=\"2\"/>"
  }

  private var dots: [String] {
    curve.simulated.map {
      "<circle cx=\"\(decimal(x($0.x), 1))\" cy=\"\(decimal(y($0.y), 1))\" r=\"3.8\" "
        + "fill=\"\($0.judged ? "#d9480f" : "#ffffff")\" stroke=\"#d9480f\" stroke-width=\"1.3\"/>"
    }
  }

  private var legend: [String] {
    let edge = Self.width - Self.right
    return [
      line(edge - 372, 21, edge - 346, 21, "#2f6fb3"), text(edge - 340, 26, "measured", "start"),
      "<circle cx=\"\(decimal(edge - 256, 1))\" cy=\"21\" r=\"4\" fill=\"#d9480f\"/>",
      text(edge - 246, 26, "simulated, plateau", "start"),
      "<circle cx=\"\(decimal(edge - 108, 1))\" cy=\"21\" r=\"3.6\" fill=\"#ffffff\" "
        + "stroke=\"#d9480f\"/>", text(edge, 26, "simulated, slope", "end"),
    ]
  }
}
