import Foundation
import Machine
import Validation

/// The content of the report's page: tables as HTML, and the data that its script draws.
struct ValidationPage {
  let outcome: ValidationOutcome
  let published: PublishedErrors
  private let fitted: [FittedValue]

  init(_ outcome: ValidationOutcome, published: PublishedErrors, fitted: [FittedValue]) {
    self.outcome = outcome
    self.published = published
    self.fitted = fitted
  }

  var content: String {
    [summary, scatter, worst, curves, bar, suites, parameters].joined(separator: "\n")
  }

  private func escaped(_ text: String) -> String { HTMLText.escaped(text) }
  private func percent(_ value: Double?) -> String { value.map { decimal($0, 1) + " %" } ?? "–" }
  private func signed(_ value: Double?) -> String { value.map(signedPercent) ?? "–" }
  private func plain(_ value: Double?) -> String { value.map { decimal($0, 3) } ?? "–" }

  private var summary: String {
    let statistics = outcome.statistics
    let gated = outcome.suites.filter { $0.suite.threshold != nil }
    let passed = gated.count(where: \.passed)
    let failed = outcome.suites.reduce(0) { $0 + $1.failedCount }
    let tiles = [
      ("\(passed) of \(gated.count)", "suites within their thresholds"),
      (percent(outcome.meanOfSuites), "mean of the suites' errors"),
      ("\(statistics.count)", "measured rows judged"),
      (percent(statistics.mape), "mean absolute error of all rows"),
      (percent(statistics.p90), "90th percentile"), (percent(statistics.worst), "worst row"),
      ("\(failed)", failed == 1 ? "row failed" : "rows failed"),
    ]
    let rows = outcome.suites.map { suite in
      [
        "<a href=\"#suite-\(escaped(suite.suite.name))\">\(escaped(suite.suite.name))</a>"
          + "<br><small>\(escaped(suite.suite.title))</small>",
        escaped(gpus(suite.suite)), "\(suite.statistics.count)", "\(suite.unusableCount)",
        "\(suite.failedCount)", "<b>\(percent(suite.statistics.mape))</b>",
        signed(suite.statistics.signedMean), percent(suite.statistics.median),
        percent(suite.statistics.p90), percent(suite.statistics.worst),
        plain(suite.statistics.pearson), plain(suite.statistics.kendall),
        suite.suite.threshold.map { "\(decimal($0.mape, 0)) %" } ?? "–", verdict(suite),
      ]
    }
    return "<div class=\"tiles\">"
      + tiles.map { "<div><b>\($0.0)</b><span>\($0.1)</span></div>" }.joined() + "</div>\n"
      + "<section><h2>Suites</h2><div class=\"wide\">"
      + HTMLText.table(
        [
          "suite", "GPU", "#rows", "#unusable", "#failed", "#MAPE",
          "#mean", "#median", "#90 %", "#worst", "#Pearson", "#Kendall", "#allowed", "",
        ], rows) + "</div>\(shortfalls)</section>"
  }

  private func gpus(_ suite: Suite) -> String {
    suite.gpus.count <= 3 ? suite.gpus.joined(separator: ", ") : "\(suite.gpus.count) GPUs"
  }

  private func verdict(_ suite: SuiteOutcome) -> String {
    if suite.passed {
      return suite.suite.threshold == nil
        ? "<span class=\"chip\">not judged</span>" : "<span class=\"chip good\">within</span>"
    }
    return "<span class=\"chip bad\">beyond</span>"
  }

  private var shortfalls: String {
    let items = outcome.suites.flatMap { suite in
      suite.shortfalls.map { "<li><b>\(escaped(suite.suite.name))</b>: \(escaped($0))</li>" }
    }
    return items.isEmpty ? "" : "<ul class=\"shortfalls\">\(items.joined())</ul>"
  }

  private var scatter: String {
    """
    <section><h2>Measured against simulated</h2>
    <p>Every judged row, each in its own unit. Solid: equal; dashed: ±10 % and ±20 %. A suite's name
    below the plot hides or shows it.</p>
    <div class="plot scatter"><canvas id="scatter" role="img"
    aria-label="Measured against simulated values on logarithmic axes"></canvas></div>
    <div class="plot ratio"><canvas id="ratio" role="img"
    aria-label="Error against the measured value"></canvas></div></section>
    """
  }

  private var worst: String {
    let rows = outcome.worst(Self.worstCount).map { suite, row in
      [
        escaped(row.row.name)
          + "<br><small>\(escaped(suite.name)), \(escaped(row.row.gpu))</small>",
        figureText(row.row.measurement.value) + " " + escaped(row.row.measurement.unit),
        row.simulated.map(figureText) ?? "–", signed(row.errorPercent),
        row.diagnosis.map { decimal($0.ipc, 2) } ?? "–",
        row.diagnosis.map { decimal($0.dramBytesPerCycle, 1) } ?? "–", stalls(row.diagnosis),
        escaped(row.diagnosis?.bottleneck ?? ""),
      ]
    }
    guard !rows.isEmpty else { return "" }
    return "<section><h2>The worst rows, and where their cycles go</h2>"
      + "<p>Shares of warp-cycles of the row's kernel.</p><div class=\"wide\">"
      + HTMLText.table(
        [
          "row", "#measured", "#simulated", "#error", "#IPC", "#DRAM B/clk", "warp-cycles",
          "most often, a warp",
        ], rows) + "</div>\(stallLegend)</section>"
  }

  /// The colours of the reasons that the worst rows have.
  private var stallLegend: String {
    StallBar.legend(
      outcome.worst(Self.worstCount).flatMap { $0.row.diagnosis?.stalls ?? [] }.map(\.reason))
  }

  private static let worstCount = 12

  private func stalls(_ diagnosis: Diagnosis?) -> String {
    diagnosis.map { StallBar.bar($0.stalls) } ?? ""
  }

  private var curves: String {
    let figures = curveData.enumerated().map { index, curve in
      "<figure><div class=\"plot curve\"><canvas id=\"curve-\(index)\" role=\"img\" "
        + "aria-label=\"\(escaped(curve.title))\"></canvas></div></figure>"
    }
    guard !figures.isEmpty else { return "" }
    return
      "<section><h2>Latency against footprint</h2><p>Line: measured, with the band from the 5th "
      + "to the 95th percentile where it was published. Dots: simulated; hollow ones lie on slopes "
      + "and are not judged.</p><div class=\"curves\">\(figures.joined(separator: "\n"))</div>"
      + "</section>"
  }

  private var bar: String {
    let rows = published.groups.map { group in
      [
        escaped(group.gpu), escaped(group.model), "\(group.errors.count)", percent(group.mape),
        signed(group.signedMean), percent(group.median), percent(group.p90),
      ]
    }
    guard !rows.isEmpty else { return "" }
    return """
      <section><h2>The bar: what others published</h2>
      <p>Errors of Accel-Sim and of the MICRO 2025 model on 128 applications for each GPU, as the
      latter's authors published them (Huerta et al.). <b>Theirs, on their programs</b>: whole
      applications under other tracers. The rows of this report are other programs, most of them
      microbenchmarks; ours are drawn beside theirs to give the scale, not a ranking.</p>
      <div class="pair"><div class="plot bar"><canvas id="published" role="img"
      aria-label="Published mean absolute errors by GPU and model"></canvas></div>
      <div class="plot bar"><canvas id="shares" role="img"
      aria-label="Share of programs by absolute error"></canvas></div></div>
      <details><summary>The numbers</summary><div class="wide">
      """
        + HTMLText.table(
          ["GPU", "model", "#applications", "#MAPE", "#mean", "#median", "#90 %"], rows)
        + "</div></details></section>"
  }

  private var suites: String {
    "<section><h2>Every row</h2><p>Errors of judged rows; orange ones are beyond what their suite allows "
      + "on the mean, or for any row where it says so.</p></section>"
      + outcome.suites.map { suite in
        let name = escaped(suite.suite.name)
        let judged = suite.judged.count { abs($0.errorPercent ?? 0) > 1e-9 }
        let plot =
          judged == 0
          ? ""
          : "<div class=\"plot errors\"><canvas id=\"errors-\(name)\" role=\"img\" "
            + "aria-label=\"Error of each row of \(name)\"></canvas></div>"
        return "<section id=\"suite-\(name)\"><h3>\(escaped(suite.suite.title)) \(verdict(suite))"
          + "</h3><p>\(escaped(suite.suite.about))</p>\(plot)"
          + "<details><summary>\(suite.rows.count) rows of <code>\(name)</code></summary>"
          + "<div class=\"wide\">\(rows(suite))</div></details></section>"
      }.joined(separator: "\n")
  }

  private func rows(_ suite: SuiteOutcome) -> String {
    HTMLText.table(
      [
        "row", "GPU", "#measured", "#simulated", "#error", "status", "trust", "source", "figure",
      ],
      suite.rows.map { row in
        let measurement = row.row.measurement
        let notes = [row.row.remark, measurement.caveat].filter { !$0.isEmpty }
        return [
          escaped(row.row.name)
            + (notes.isEmpty ? "" : "<br><small>\(escaped(notes.joined(separator: "; ")))</small>"),
          escaped(row.row.gpu), figureText(measurement.value) + " " + escaped(measurement.unit),
          row.simulated.map(figureText) ?? "–", signed(row.errorPercent), status(row, suite),
          escaped(measurement.trust),
          escaped(measurement.source) + "<br><small>\(escaped(measurement.tool))"
            + (measurement.clock.map { ", \(decimal($0, 0)) MHz" } ?? "") + "</small>",
          row.row.figure.map { figure in
            "<code>\(escaped(figure.text))</code><br><small>\(escaped(row.row.traceName ?? ""))"
              + (row.row.kernel.map { ", kernel \(escaped($0.description))" } ?? "") + "</small>"
          } ?? "",
        ]
      }, class: "rows")
  }

  private func status(_ row: RowOutcome, _ suite: SuiteOutcome) -> String {
    switch row.status {
    case .ok: suite.isJudged(row.row) ? "ok" : "ok, not judged (\(escaped(row.row.group ?? "")))"
    case .failed(let why): "<b class=\"bad\">failed</b>: \(escaped(why))"
    case .unusable(let why): "<i>unusable</i>: \(escaped(why))"
    }
  }

  private var parameters: String {
    guard !fitted.isEmpty else { return "" }
    return
      "<section><h2>Fitted parameters</h2><p>\(escaped(FittedValue.explanation))</p><details><summary>\(fitted.count) values</summary>"
      + "<div class=\"wide\">"
      + HTMLText.table(
        FittedValue.columns,
        fitted.map {
          [
            "<code>\(escaped($0.path))</code>", escaped($0.value), escaped($0.target),
            escaped($0.gpus.joined(separator: ", ")),
          ] + $0.errorCells.map(escaped)
        }) + "</div></details></section>"
  }
}
