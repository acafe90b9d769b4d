import Foundation

/// A plot of points and lines as a picture inside a page; it prints as it looks.
struct PlotSVG {
  struct Axis {
    var title: String
    var isLogarithmic: Bool
    /// Ends of the axis; made wider to whole powers of ten or steps.
    var low: Double
    var high: Double
  }

  struct Point {
    var x, y: Double
    /// Shown when pointed at.
    var label = ""
  }

  struct Series {
    var name: String
    var color: String
    var points: [Point]
    var hasLine = false
    var hasDots = true
    var isDashed = false
  }

  private let title: String
  private let x: Axis
  private let y: Axis
  private let series: [Series]

  private static let (width, height) = (620.0, 380.0)
  private static let (left, right, top, bottom) = (72.0, 18.0, 36.0, 58.0)

  init(title: String, x: Axis, y: Axis, series: [Series]) {
    self.title = title
    self.x = Self.widened(x)
    self.y = Self.widened(y)
    self.series = series
  }

  private static func widened(_ axis: Axis) -> Axis {
    var axis = axis
    if axis.isLogarithmic {
      axis.low = pow(10, log10(max(axis.low, 1e-12)).rounded(.down))
      axis.high = pow(10, log10(max(axis.high, axis.low * 10)).rounded(.up))
    } else {
      if axis.high <= axis.low { axis.high = axis.low + max(1, abs(axis.low) * 0.1) }
      let step = step(axis)
      axis.low = (axis.low / step).rounded(.down) * step
      axis.high = (axis.high / step).rounded(.up) * step
    }
    return axis
  }

  /// Between lines of the grid: 1, 2 or 5 times a power of ten, for six of them or so.
  private static func step(_ axis: Axis) -> Double {
    let least = (axis.high - axis.low) / 6
    let power = pow(10, log10(least).rounded(.down))
    return [1, 2, 5, 10].map { $0 * power }.first { $0 >= least * 0.999 } ?? 10 * power
  }

  private static func ticks(_ axis: Axis) -> [Double] {
    guard axis.isLogarithmic else {
      return Array(stride(from: axis.low, through: axis.high * 1.0001, by: step(axis)))
    }
    let first = Int(log10(axis.low).rounded())
    let last = Int(log10(axis.high).rounded())
    return (first...max(first, last)).map { pow(10, Double($0)) }
  }

  private static func share(_ value: Double, _ axis: Axis) -> Double {
    axis.isLogarithmic
      ? log10(max(value, 1e-300) / axis.low) / log10(axis.high / axis.low)
      : (value - axis.low) / (axis.high - axis.low)
  }

  private func place(_ point: Point) -> (x: Double, y: Double) {
    let across = min(max(Self.share(point.x, x), 0), 1)
    let up = min(max(Self.share(point.y, y), 0), 1)
    return (
      Self.left + (Self.width - Self.left - Self.right) * across,
      Self.height - Self.bottom - (Self.height - Self.top - Self.bottom) * up
    )
  }

  /// 1.5 M, 20 k, 0.01.
  static func short(_ value: Double) -> String {
    let units = [(1e15, " P"), (1e12, " T"), (1e9, " G"), (1e6, " M"), (1e4, " k")]
    for (size, unit) in units where abs(value) >= size {
      return trimmed(value / (unit == " k" ? 1e3 : size)) + unit
    }
    return trimmed(value)
  }

  private static func trimmed(_ value: Double) -> String {
    let digits = abs(value) >= 100 ? 0 : abs(value) >= 1 ? 2 : 4
    let scale = pow(10, Double(digits))
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() ? String(Int64(rounded)) : String(rounded)
  }

  private func text(
    _ x: Double, _ y: Double, _ words: String, _ anchor: String, _ extra: String = ""
  ) -> String {
    "<text x=\"\(decimal(x, 1))\" y=\"\(decimal(y, 1))\" text-anchor=\"\(anchor)\"\(extra)>"
      + "\(HTMLText.escaped(words))</text>"
  }

  /// The element, with nothing outside itself.
  var svg: String {
    let size = "viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\""
    return
      (["<svg class=\"plot-svg\" role=\"img\" aria-label=\"\(HTMLText.escaped(title))\" \(size)>"]
      + [text(Self.left, 20, title, "start", " class=\"plot-title\"")] + grid
      + series.flatMap(drawn) + legend + ["</svg>"]).joined(separator: "\n")
  }

  private var grid: [String] {
    let (right, floor) = (Self.width - Self.right, Self.height - Self.bottom)
    var parts: [String] = []
    for tick in Self.ticks(y) {
      let at = place(Point(x: x.low, y: tick)).y
      parts.append(
        "<line x1=\"\(Self.left)\" y1=\"\(decimal(at, 1))\" x2=\"\(right)\" "
          + "y2=\"\(decimal(at, 1))\" stroke=\"#e4e8ed\"/>")
      parts.append(text(Self.left - 7, at + 4, Self.short(tick), "end"))
    }
    for tick in Self.ticks(x) {
      let at = place(Point(x: tick, y: y.low)).x
      parts.append(
        "<line x1=\"\(decimal(at, 1))\" y1=\"\(Self.top)\" x2=\"\(decimal(at, 1))\" "
          + "y2=\"\(floor)\" stroke=\"#eef1f4\"/>")
      parts.append(text(at, floor + 17, Self.short(tick), "middle"))
    }
    parts.append(text((Self.left + right) / 2, floor + 34, x.title, "middle"))
    let middle = decimal((Self.top + floor) / 2, 0)
    parts.append(
      text(0, 0, y.title, "middle", " transform=\"translate(15 \(middle)) rotate(-90)\""))
    return parts
  }

  private func drawn(_ series: Series) -> [String] {
    let places = series.points.map(place)
    var parts: [String] = []
    if series.hasLine {
      let path = places.map { "\(decimal($0.x, 1)),\(decimal($0.y, 1))" }.joined(separator: " ")
      parts.append(
        "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(series.color)\" "
          + "stroke-width=\"1.8\"\(series.isDashed ? " stroke-dasharray=\"5 4\"" : "")/>")
    }
    if series.hasDots {
      parts += zip(series.points, places).map { point, place in
        "<circle cx=\"\(decimal(place.x, 1))\" cy=\"\(decimal(place.y, 1))\" r=\"4.5\" "
          + "fill=\"\(series.color)\"><title>\(HTMLText.escaped(point.label))</title></circle>"
      }
    }
    return parts
  }

  private var legend: [String] {
    var at = Self.left
    return series.filter { !$0.name.isEmpty }.flatMap { series -> [String] in
      let y = Self.height - 10
      let mark =
        series.hasDots
        ? "<circle cx=\"\(decimal(at + 6, 1))\" cy=\"\(y - 4)\" r=\"4.5\" fill=\"\(series.color)\"/>"
        : "<line x1=\"\(decimal(at, 1))\" y1=\"\(y - 4)\" x2=\"\(decimal(at + 13, 1))\" "
          + "y2=\"\(y - 4)\" stroke=\"\(series.color)\" stroke-width=\"2\"/>"
      let words = text(at + 17, y, series.name, "start")
      at += 34 + 6.4 * Double(series.name.count)
      return [mark, words]
    }
  }
}
