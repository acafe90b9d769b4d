import Machine

/// A kernel's profile in a page: verdict, reasons, the machine's parts, roofline and code.
struct ProfileSection {
  private let kernel: StoredRun.Kernel
  private let profile: ProfileJSON
  private let anchor: String
  private let source: String
  private let isOpen: Bool

  init(
    _ kernel: StoredRun.Kernel, _ profile: ProfileJSON, anchor: String, of source: String,
    isOpen: Bool
  ) {
    self.kernel = kernel
    self.profile = profile
    self.anchor = anchor
    self.source = source
    self.isOpen = isOpen
  }

  private func escaped(_ text: String) -> String { HTMLText.escaped(text) }

  var html: String {
    let place = source.isEmpty ? "" : " <small>\(source)</small>"
    return "<section id=\"\(anchor)\"><h2>Kernel \(kernel.id): \(escaped(kernel.name))\(place)</h2>"
      + "<p class=\"verdict\">\(escaped(profile.verdict))</p>" + StallBar.bar(kernel.shares)
      + reasons
      + "<div class=\"pair\"><div>\(parts)\(limits)</div><figure>\(roofline)</figure></div>"
      + "<details\(isOpen ? " open" : "")><summary>Instructions</summary><div class=\"wide\">"
      + code + "</div></details></section>"
  }

  private func link(_ pc: UInt32) -> String {
    "<a href=\"#\(anchor)-\(String(pc, radix: 16))\">0x\(String(pc, radix: 16))</a>"
  }

  private var reasons: String {
    let items = profile.bottlenecks.map { place -> String in
      var text = escaped(place.text)
      for pc in Set([place.pc, place.causePC ?? place.pc]) {
        text = text.replacing("PC 0x\(String(pc, radix: 16)):", with: "PC \(link(pc)):")
      }
      return "<li><b>\(decimal(place.share * 100, 0)) %</b><span>\(text)</span></li>"
    }
    return "<ol class=\"reasons\">\(items.joined())</ol>"
  }

  private var parts: String {
    let rows = profile.speedOfLight.filter { $0.achieved > 0 }.map { part in
      let width = decimal(min(100, part.percent), 1)
      return [
        escaped(part.name),
        "<span class=\"meter\"><i class=\"\(part.isMemory ? "memory" : "")\" "
          + "style=\"width:\(width)%\"></i></span>", decimal(part.percent, 1) + " %",
        "\(decimal(part.achieved, 1)) of \(decimal(part.peak, 1)) \(escaped(part.unit))",
      ]
    }
    return HTMLText.table(["part of the machine", "", "#of its peak", "per cycle"], rows)
  }

  private var limits: String {
    let limits = profile.occupancyLimits.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
      .map { "\($0.key) \($0.value)" }
    return "<p>Occupancy \(decimal(kernel.occupancy.achieved * 100, 0)) % of the warp slots; CTAs "
      + "per SM by \(escaped(limits.joined(separator: ", "))).</p>"
  }

  private static let levelColors = ["L1": "#b4611c", "L2": "#1b7a46", "DRAM": "#2a62a6"]

  private var roofline: String {
    let work = profile.roofline.work
    guard let peak = work.map(\.peakOperationsPerSecond).max(), peak > 0 else { return "" }
    let levels = profile.roofline.traffic.filter { $0.bytes > 0 }
    var points: [(level: String, point: PlotSVG.Point)] = []
    for level in levels {
      for kind in work {
        let intensity = kind.operations / level.bytes
        points.append(
          (
            level.name,
            PlotSVG.Point(
              x: intensity, y: kind.operationsPerSecond,
              label:
                "\(kind.name), \(level.name): \(PlotSVG.short(kind.operationsPerSecond))FLOP/s "
                + "at \(decimal(intensity, 2)) FLOP/B")
          ))
      }
    }
    let ridges = levels.map { peak / $0.peakBytesPerSecond }
    let low = min(0.1, points.map(\.point.x).min() ?? 0.1)
    let high = max(100, points.map(\.point.x).max() ?? 100, (ridges.max() ?? 1) * 2)
    let floor = min(points.map(\.point.y).min() ?? peak / 1000, peak / 1000)
    let left = PlotSVG.Axis(
      title: "FLOP per byte", isLogarithmic: true, low: low, high: high)
    var series: [PlotSVG.Series] = levels.map { level in
      // From the edge of the plot up to the ridge.
      let start = max(low / 10, floor / 10 / level.peakBytesPerSecond)
      return PlotSVG.Series(
        name: "", color: Self.levelColors[level.name] ?? "#777",
        points: [
          PlotSVG.Point(x: start, y: start * level.peakBytesPerSecond),
          PlotSVG.Point(x: peak / level.peakBytesPerSecond, y: peak),
        ], hasLine: true, hasDots: false)
    }
    for kind in work {
      series.append(
        PlotSVG.Series(
          name: "", color: "#5b6b7b",
          points: [
            PlotSVG.Point(x: low / 10, y: kind.peakOperationsPerSecond),
            PlotSVG.Point(x: high * 10, y: kind.peakOperationsPerSecond),
          ], hasLine: true, hasDots: false, isDashed: kind.peakOperationsPerSecond < peak))
    }
    for level in levels {
      series.append(
        PlotSVG.Series(
          name: level.name, color: Self.levelColors[level.name] ?? "#777",
          points: points.filter { $0.level == level.name }.map(\.point)))
    }
    return PlotSVG(
      title: "Roofline: \(work.map(\.name).joined(separator: ", ")), by the bytes of each level",
      x: left,
      y: PlotSVG.Axis(title: "FLOP/s", isLogarithmic: true, low: floor, high: peak),
      series: series
    ).svg
  }

  // MARK: Code

  private var code: String {
    let lines = profile.instructions.filter { $0.count("issues") > 0 || $0.waiting > 0 }
    let total = max(1, lines.reduce(0.0) { $0 + Double($1.waiting) })
    let most = Double(max(1, lines.map(\.waiting).max() ?? 1))
    let head = [
      ("PC", false), ("issues", true), ("threads", true), ("waits", true), ("", false),
      ("sectors", true), ("passes", true), ("regs", true), ("held", true), ("control", false),
      ("SASS", false),
    ]
    let titles = head.map { "<th\($0.1 ? " class=\"number\"" : "")>\($0.0)</th>" }.joined()
    let rows = lines.map { line in
      row(line, share: Double(line.waiting) / total, heat: Double(line.waiting) / most)
    }
    return "<table class=\"code\"><thead><tr>\(titles)</tr></thead>\n<tbody>"
      + "\(rows.joined(separator: "\n"))</tbody></table>"
  }

  private func row(_ line: ProfileJSON.Instruction, share: Double, heat: Double) -> String {
    let issues = Double(max(1, line.count("issues")))
    func number(_ text: String, _ extra: String = "") -> String {
      "<td class=\"number\"\(extra)>\(text)</td>"
    }
    func per(_ name: String) -> String {
      line.count(name) > 0 ? decimal(Double(line.count(name)) / issues, 1) : ""
    }
    func given(_ value: Double?) -> String { value.map { decimal($0, 1) } ?? "" }
    let waiting = Double(max(1, line.waiting))
    let stalls: [(reason: StallReason, share: Double)] = StallReason.allCases.compactMap {
      guard $0 != .selected, let cycles = line.stalls[$0.name] else { return nil }
      return ($0, Double(cycles) / waiting)
    }
    let color = " style=\"background:rgba(216,90,20,\(decimal(0.75 * heat, 2)))\""
    let cells =
      "<td>0x\(String(line.pc, radix: 16))</td>" + number(grouped(Int64(line.count("issues"))))
      + number(given(line.threadsPerIssue))
      + "<td class=\"number heat\"\(color)>\(decimal(share * 100, 1)) %</td>"
      + "<td>\(share >= 0.001 ? StallBar.bar(stalls, leastLabel: 2) : "")</td>"
      + number(given(line.sectorsPerRequest), isPoor(line) ? " style=\"color:#b3261e\"" : "")
      + number(given(line.passesPerRequest)) + number(per("registerReads"))
      + number(per("portStalls"))
      + "<td><code>\(escaped(line.control ?? ""))</code></td><td>\(escaped(line.sass))</td>"
    return "<tr id=\"\(anchor)-\(String(line.pc, radix: 16))\">\(cells)</tr>"
  }

  private func isPoor(_ line: ProfileJSON.Instruction) -> Bool {
    (line.sectorsPerRequest ?? 0) > 1.9 * (line.leastSectorsPerRequest ?? .infinity)
  }
}
