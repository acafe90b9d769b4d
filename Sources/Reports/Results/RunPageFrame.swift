import Foundation
import Validation

/// The frame and the style of a page of results, as `Validation/report` has them.
public struct RunPageFrame: Sendable {
  private let page: String
  private let style: String

  public init(_ directory: ValidationDirectory) throws {
    page = try directory.reportFile("run.html")
    style = try directory.reportFile("page.css") + directory.reportFile("run.css")
  }

  /// The whole page, with nothing outside itself.
  func filled(title: String, content: String) -> String {
    page.replacing("{{style}}", with: style).replacing("{{title}}", with: HTMLText.escaped(title))
      .replacing("{{content}}", with: content)
  }
}
