import Validation

/// The report as Markdown: a summary for readers of the repository, and every row.
struct ValidationMarkdown {
  private let outcome: ValidationOutcome
  private let published: PublishedErrors
  private let fitted: [FittedValue]
  /// File names of the curves.
  private let pictures: [String]

  init(
    _ outcome: ValidationOutcome, published: PublishedErrors, fitted: [FittedValue],
    pictures: [String]
  ) {
    self.pictures = pictures
    self.outcome = outcome
    self.published = published
    self.fitted = fitted
  }

  private static let worstCount = 12

  /// Suites, shortfalls, the worst rows, the published bar.
  var summary: String {
    [
      "# Measured against simulated\n",
      "Written by `needletail validate --report`; [index.html](index.html) has the plots, "
        + "[rows.md](rows.md) every row. Errors are in percent of what was measured; judged rows "
        + "only.\n",
      suites, shortfalls, worst, curves, bar, parameters,
    ].filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// Every row of every suite.
  var rows: String {
    "# Every row\n\nWritten by `needletail validate --report`; [summary.md](summary.md) has the "
      + "totals.\n\n" + outcome.suites.map(rows).joined(separator: "\n")
  }

  private func cell(_ text: String) -> String {
    text.replacing("|", with: "\\|").replacing("\n", with: " ").replacing("<", with: "&lt;")
  }

  private func table(_ head: [String], _ rows: [[String]]) -> String {
    let rule = head.map { $0.hasPrefix("#") ? "---:" : "---" }
    let titles = head.map { $0.hasPrefix("#") ? String($0.dropFirst()) : $0 }
    return ([titles, rule] + rows).map { "| \($0.joined(separator: " | ")) |\n" }.joined()
  }

  private func percent(_ value: Double?) -> String { value.map { decimal($0, 1) + " %" } ?? "–" }
  private func signed(_ value: Double?) -> String { value.map(signedPercent) ?? "–" }
  private func plain(_ value: Double?) -> String { value.map { decimal($0, 3) } ?? "–" }

  private var suites: String {
    func numbers(_ statistics: ErrorStatistics) -> [String] {
      [
        percent(statistics.mape), signed(statistics.signedMean), percent(statistics.median),
        percent(statistics.p90), percent(statistics.worst), plain(statistics.pearson),
        plain(statistics.kendall),
      ]
    }
    let rows = outcome.suites.map { suite in
      let threshold = suite.suite.threshold.map { "\(decimal($0.mape, 0)) %" } ?? "–"
      let verdict =
        suite.passed ? suite.suite.threshold == nil ? "not judged" : "within" : "**beyond**"
      return [
        "`\(suite.suite.name)`", cell(suite.suite.title), "\(suite.statistics.count)",
        "\(suite.unusableCount)", "\(suite.failedCount)",
      ] + numbers(suite.statistics) + [threshold, verdict]
    }
    let all =
      [
        "all", "", "\(outcome.statistics.count)",
        "\(outcome.suites.reduce(0) { $0 + $1.unusableCount })",
        "\(outcome.suites.reduce(0) { $0 + $1.failedCount })",
      ] + numbers(outcome.statistics) + ["", ""]
    return table(
      [
        "suite", "what", "#rows", "#unusable", "#failed", "#MAPE", "#mean", "#median", "#90 %",
        "#worst", "#Pearson", "#Kendall", "#allowed", "verdict",
      ], rows + [all])
  }

  private var shortfalls: String {
    outcome.suites.flatMap { suite in
      suite.shortfalls.map { "* `\(suite.suite.name)`: \(cell($0))\n" }
    }.joined()
  }

  private var worst: String {
    let rows = outcome.worst(Self.worstCount).map { suite, row in
      let stalls = row.diagnosis?.stalls.prefix(3).map {
        "\($0.reason.name) \(decimal($0.share * 100, 0)) %"
      }
      return [
        cell(row.row.name), "`\(suite.name)`",
        "\(figureText(row.row.measurement.value)) \(cell(row.row.measurement.unit))",
        row.simulated.map(figureText) ?? "–", signed(row.errorPercent),
        (stalls ?? []).joined(separator: ", "),
      ]
    }
    guard !rows.isEmpty else { return "" }
    return "## The worst rows, and where their cycles go\n\n"
      + table(["row", "suite", "#measured", "#simulated", "#error", "warp-cycles"], rows)
  }

  private var curves: String {
    guard !pictures.isEmpty else { return "" }
    return "## Latency against footprint\n\n"
      + pictures.map { "![measured and simulated](\($0))\n" }.joined(separator: "\n")
  }

  private var bar: String {
    let rows = published.groups.map {
      [
        cell($0.gpu), cell($0.model), "\($0.errors.count)", percent($0.mape), percent($0.median),
        percent($0.p90),
      ]
    }
    guard !rows.isEmpty else { return "" }
    return
      "## The bar: what others published\n\nAccel-Sim and the MICRO 2025 model, as the latter's "
      + "authors published them (Huerta et al.): theirs, on their programs, which are whole "
      + "applications and not the rows above.\n\n"
      + table(["GPU", "model", "#applications", "#MAPE", "#median", "#90 %"], rows)
  }

  private var parameters: String {
    guard !fitted.isEmpty else { return "" }
    return "## Fitted parameters\n\n\(FittedValue.explanation)\n\n"
      + table(
        FittedValue.columns,
        fitted.map {
          ["`\($0.path)`", cell($0.value), cell($0.target), $0.gpus.joined(separator: ", ")]
            + $0.errorCells.map(cell)
        })
  }

  private func rows(_ suite: SuiteOutcome) -> String {
    "## \(cell(suite.suite.title))\n\n`\(suite.suite.name)`. \(cell(suite.suite.about))\n\n"
      + table(
        ["row", "what", "GPU", "trace", "#measured", "#simulated", "#error", "remark", "source"],
        suite.rows.map { row in
          let measurement = row.row.measurement
          let notes = [status(row, suite), row.row.remark].filter { !$0.isEmpty }
          return [
            "\(measurement.row)", cell(row.row.name), row.row.gpu, cell(row.row.traceName ?? ""),
            "\(figureText(measurement.value)) \(cell(measurement.unit))",
            row.simulated.map(figureText) ?? "–", signed(row.errorPercent),
            cell(notes.joined(separator: "; ")),
            "\(cell(measurement.source)) (\(measurement.trust))",
          ]
        })
  }

  private func status(_ row: RowOutcome, _ suite: SuiteOutcome) -> String {
    switch row.status {
    case .ok: suite.isJudged(row.row) ? "" : "\(row.row.group ?? ""), not judged"
    case .failed(let why): "**failed**: \(why)"
    case .unusable(let why): "unusable: \(why)"
    }
  }
}
