import Foundation
import Validation

/// What the page's script draws.
extension ValidationPage {
  struct Curve: Encodable {
    struct Point: Encodable {
      let x, y: Double
      let low, high: Double?
    }

    struct Dot: Encodable {
      let name: String
      let x, y, measured: Double
      let errorPercent: Double?
      let judged: Bool
    }

    let title: String
    let axis: String
    let unit: String
    let measured: [Point]
    let simulated: [Dot]
  }

  private struct Group: Encodable {
    let gpu: String
    let model: String
    let mapePercent, medianPercent, p90Percent: Double?
    /// Sorted absolute errors.
    let errors: [Double]
  }

  private struct Page: Encodable {
    let validation: ValidationJSON
    let curves: [Curve]
    let published: [Group]
  }

  var data: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let page = Page(
        validation: ValidationJSON(outcome), curves: curveData,
        published: published.groups.map {
          Group(
            gpu: $0.gpu, model: $0.model, mapePercent: $0.mape, medianPercent: $0.median,
            p90Percent: $0.p90, errors: $0.errors.map(abs).sorted())
        })
      return String(decoding: try encoder.encode(page), as: UTF8.self)
    }
  }

  /// One curve per GPU of each suite that has curves.
  var curveData: [Curve] {
    outcome.suites.flatMap { suite -> [Curve] in
      guard let column = suite.suite.curve else { return [] }
      return suite.suite.gpus.map { gpu in
        let own = suite.rows.filter { $0.row.gpu == gpu && $0.status == .ok }
        let names = Set(own.map(\.row.measurement.gpu))
        let measured = suite.suite.measurements.rows.filter { names.contains($0.gpu) }
        return Curve(
          title: names.sorted().joined(separator: ", "), axis: column,
          unit: measured.first?.unit ?? "",
          measured: measured.compactMap { row in
            row.number(column).flatMap { $0 > 0 ? $0 : nil }.map {
              Curve.Point(x: $0, y: row.value, low: row.number("p5"), high: row.number("p95"))
            }
          }.sorted { $0.x < $1.x },
          simulated: own.compactMap { row in
            guard let x = row.row.at, x > 0, let y = row.simulated else { return nil }
            return Curve.Dot(
              name: row.row.name, x: x, y: y, measured: row.row.measurement.value,
              errorPercent: row.errorPercent, judged: suite.isJudged(row.row))
          }.sorted { $0.x < $1.x })
      }.filter { !$0.simulated.isEmpty }
    }
  }
}
