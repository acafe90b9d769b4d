import Foundation
import Validation

/// What `needletail validate --report` writes: a page for browsers and two of Markdown.
public struct ValidationReport {
  private let outcome: ValidationOutcome
  private let published: PublishedErrors
  private let assets: ReportAssets
  private let fitted: [FittedValue]

  /// Reads what the report needs besides the outcome: the published errors and the page's frame.
  public init(_ outcome: ValidationOutcome, directory: ValidationDirectory) throws {
    self.outcome = outcome
    published = try PublishedErrors(directory)
    assets = try ReportAssets(directory)
    fitted = try FittedValue.all(of: outcome, directory: directory)
  }

  /// File names and contents.
  public var files: [(name: String, data: Data)] {
    get throws {
      let page = ValidationPage(outcome, published: published, fitted: fitted)
      let pictures = page.curveData.map(CurveSVG.init)
      let markdown = ValidationMarkdown(
        outcome, published: published, fitted: fitted, pictures: pictures.map(\.name))
      return [
        (
          "index.html",
          Data(assets.filled(content: page.content, data: try page.data).utf8)
        ), ("summary.md", Data(markdown.summary.utf8)), ("rows.md", Data(markdown.rows.utf8)),
      ] + pictures.map { ($0.name, Data($0.svg.utf8)) }
    }
  }
}
