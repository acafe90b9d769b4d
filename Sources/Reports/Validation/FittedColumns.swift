import Validation

/// The table of fitted values, which the page and the summary share.
extension FittedValue {
  static let explanation =
    "Values of the machines in this report whose origin is a fit, and to what. Where two or more "
    + "rows of the suites depend on a value alone: their mean absolute error as described, and "
    + "when each is predicted by a fit to the others."
  static let columns = [
    "parameter", "#value", "fitted to", "GPUs", "rows", "#error", "#left out",
  ]

  /// The last three columns.
  var errorCells: [String] {
    guard let error else { return ["", "", ""] }
    return [error.rows]
      + [error.asDescribed, error.leftOut].map {
        String(format: "%.1f %%", $0)
      }
  }
}
