/// Results that differ in `--set` or GPU: a map of cycles over two parameters, and for each numeric
/// parameter the points that nothing cheaper beats.
struct SweepSection {
  private let runs: [StoredRun]
  /// Settings by name, the GPU among them.
  private let settings: [[String: String]]
  /// What differs between results of one trace, the most values first.
  private let parameters: [String]

  private static let mostPlots = 6

  init(_ runs: [StoredRun]) {
    self.runs = runs
    settings = runs.map { run in
      var values = ["GPU": run.gpu]
      for override in run.overrides {
        let parts = override.split(separator: "=", maxSplits: 1).map(String.init)
        if parts.count == 2 { values[parts[0]] = parts[1] }
      }
      return values
    }
    let settings = settings
    let names = Set(settings.flatMap(\.keys))
    func count(_ name: String) -> Int { Set(settings.map { $0[name] ?? "–" }).count }
    parameters = names.filter { count($0) > 1 }.sorted { (count($1), $0) < (count($0), $1) }
  }

  var html: String {
    guard !parameters.isEmpty else { return "" }
    let traces = Set(runs.map(\.trace)).sorted()
    let sections = traces.map { trace in
      let own = runs.indices.filter { runs[$0].trace == trace }
      return "<section><h3>\(HTMLText.escaped(trace))</h3>" + map(own) + plots(own) + "</section>"
    }
    return
      "<section><h2>What the settings change</h2><p>Cycles; below, how much more than the best "
      + "of its trace. Where further settings differ, the best of them.</p></section>"
      + sections.joined(separator: "\n")
  }

  private func value(_ run: Int, _ parameter: String) -> String {
    settings[run][parameter] ?? "–"
  }

  /// Numbers by size, then names.
  private func values(_ own: [Int], _ parameter: String) -> [String] {
    Set(own.map { value($0, parameter) }).sorted {
      switch (Double($0), Double($1)) {
      case (let a?, let b?): a < b
      case (nil, nil): $0 < $1
      case (let a, _): a != nil
      }
    }
  }

  private func map(_ own: [Int]) -> String {
    let across = parameters[0]
    let down = parameters.count > 1 ? parameters[1] : nil
    let columns = values(own, across)
    let rows = down.map { values(own, $0) } ?? [""]
    let cycles = own.map { runs[$0].totals.cycles }
    guard let best = cycles.min(), let worst = cycles.max() else { return "" }
    let head =
      "<tr><th>\(HTMLText.escaped(down ?? ""))</th>"
      + columns.map { "<th class=\"number\">\(HTMLText.escaped($0))</th>" }.joined() + "</tr>"
    let body = rows.map { row in
      "<tr><th>\(HTMLText.escaped(row))</th>"
        + columns.map { column in
          let here = own.filter { run in
            value(run, across) == column && (down == nil || value(run, down ?? "") == row)
          }
          return cell(here.map { runs[$0].totals.cycles }.min(), best: best, worst: worst)
        }.joined() + "</tr>"
    }
    return "<p><b>\(HTMLText.escaped(across))</b> across"
      + (down.map { ", <b>\(HTMLText.escaped($0))</b> down" } ?? "")
      + "</p><div class=\"wide\"><table class=\"map\"><thead>\(head)</thead><tbody>"
      + body.joined() + "</tbody></table></div>"
  }

  /// From green for the best to orange for the worst.
  private func cell(_ cycles: Int64?, best: Int64, worst: Int64) -> String {
    guard let cycles else { return "<td></td>" }
    let share = worst > best ? Double(cycles - best) / Double(worst - best) : 0
    let hue = decimal(140 - 115 * share, 0)
    let more = best > 0 ? 100 * (Double(cycles) / Double(best) - 1) : 0
    return "<td style=\"background:hsl(\(hue) 62% 80%)\">\(grouped(cycles))<small>"
      + (cycles == best ? "best" : "+\(decimal(more, 1)) %") + "</small></td>"
  }

  /// Cycles over each parameter whose values are numbers.
  private func plots(_ own: [Int]) -> String {
    let pictures = parameters.prefix(Self.mostPlots).compactMap { plot(own, $0) }
    return pictures.isEmpty
      ? ""
      : "<p>Each result by the size of one setting; on the line, those that no result with a "
        + "smaller one equals (Pareto).</p><div class=\"pair\">"
        + pictures.map { "<figure>\($0)</figure>" }.joined() + "</div>"
  }

  private func plot(_ own: [Int], _ parameter: String) -> String? {
    let points = own.compactMap { run -> PlotSVG.Point? in
      Double(value(run, parameter)).map {
        PlotSVG.Point(x: $0, y: Double(runs[run].totals.cycles), label: runs[run].title)
      }
    }.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    guard points.count > 1, let first = points.first, let last = points.last, first.x < last.x,
      let low = points.map(\.y).min(), let high = points.map(\.y).max(), low < high
    else { return nil }
    var front: [PlotSVG.Point] = []
    for point in points where front.last.map({ point.y < $0.y }) ?? true { front.append(point) }
    let margin = max(1, (high - low) * 0.1)
    return PlotSVG(
      title: parameter,
      x: PlotSVG.Axis(title: parameter, isLogarithmic: false, low: first.x, high: last.x),
      y: PlotSVG.Axis(
        title: "cycles", isLogarithmic: false, low: max(0, low - margin), high: high + margin),
      series: [
        PlotSVG.Series(name: "results", color: "#9db4cc", points: points),
        PlotSVG.Series(
          name: "on the Pareto line", color: "#c8501e", points: front, hasLine: true),
      ]
    ).svg
  }
}
