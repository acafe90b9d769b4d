import Foundation
import Validation

/// The report's page without its content: frame, style, script and the plotting library with its
/// licence, as `Validation/report` has them.
public struct ReportAssets: Sendable {
  let page: String
  let style: String
  let script: String
  let library: String
  let licence: String

  public init(_ directory: ValidationDirectory) throws {
    page = try directory.reportFile("page.html")
    style = try directory.reportFile("page.css")
    script = try directory.reportFile("page.js")
    library = try directory.reportFile("vendor/chart.min.js")
    licence = try directory.reportFile("vendor/README.md")
  }

  /// The whole page, with nothing outside itself.
  func filled(content: String, data: String) -> String {
    page.replacing("{{style}}", with: style)
      .replacing("{{licence}}", with: licence.replacing("--", with: "- -"))
      .replacing("{{library}}", with: library)
      .replacing("{{script}}", with: script)
      .replacing("{{data}}", with: HTMLText.json(data))
      .replacing("{{content}}", with: content)
  }
}

extension ValidationDirectory {
  /// The text of a file that pages are made of.
  func reportFile(_ name: String) throws -> String {
    let file = "\(path)/report/\(name)"
    guard let data = FileManager.default.contents(atPath: file),
      let text = String(validating: data, as: UTF8.self)
    else { throw SuiteError(.data, file: file, "is missing or no text; the report needs it") }
    return text
  }
}
