import Configuration
import Foundation
import ISA

extension Suite {
  private static let keys = [
    "title", "about", "measurements", "traces", "gpu", "set", "threshold", "optional", "curve",
    "rows",
  ]

  /// Reads and checks a suite: its measurements, that every trace is there, every figure and every
  /// machine. Paths are relative to the suite's file.
  public init(file: String) throws {
    let yaml = try YAMLValue(file: file, kind: "suite")
    let fields = try yaml.fields(Self.keys)
    func need(_ key: String) throws -> YAMLValue {
      guard let field = fields[key] else { throw yaml.fail("the suite has no '\(key)'") }
      return field
    }
    self.file = file
    name = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
    title = try need("title").text
    about = try fields["about"]?.text ?? ""
    threshold = try fields["threshold"].map { try Threshold($0) }
    isOptional = try fields["optional"]?.flag ?? false
    curve = try fields["curve"]?.text
    let folder = (file as NSString).deletingLastPathComponent
    func path(_ name: String) -> String {
      name.hasPrefix("/") || folder.isEmpty ? name : Self.simplified(folder + "/" + name)
    }
    let list = try need("rows")
    let tables = try Self.tables(try need("measurements"), list, path)
    measurements = tables.own
    let defaults = SuiteRow.Defaults(
      gpu: try fields["gpu"]?.text, settings: try fields["set"]?.texts ?? [],
      traces: try fields["traces"].map { path(try $0.text) } ?? folder, tables: tables)
    rows = try list.list.map { try SuiteRow($0, defaults) }
    guard rows.contains(where: { $0.unusable == nil }) else {
      throw list.fail("the suite is empty: no row can be judged")
    }
    try checkNames()
    try checkMachines()
  }

  /// The suite's table, and those that single rows name.
  private static func tables(
    _ own: YAMLValue, _ rows: YAMLValue, _ path: (String) -> String
  ) throws -> SuiteRow.Tables {
    var others: [String: MeasurementTable] = [:]
    for row in try rows.list {
      guard let name = try row.fields(SuiteRow.keys)["measurements"]?.text, others[name] == nil
      else { continue }
      others[name] = try MeasurementTable(file: path(name))
    }
    return SuiteRow.Tables(own: try MeasurementTable(file: path(own.text)), others: others)
  }

  /// `a/../b` as `b`: shorter in messages.
  private static func simplified(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      if part == "..", let last = parts.last, last != "..", !last.isEmpty, last != "." {
        parts.removeLast()
      } else {
        parts.append(part)
      }
    }
    return parts.joined(separator: "/")
  }

  private func checkNames() throws {
    var lines: [String: Int] = [:]
    for row in rows {
      if let earlier = lines.updateValue(row.line, forKey: row.name) {
        throw SuiteError(
          .data, file: file, line: row.line,
          "the row '\(row.name)' has the name of line \(earlier); give it another")
      }
    }
    if let group = threshold?.group, !rows.contains(where: { $0.group == group }) {
      throw SuiteError(.data, file: file, "no row is in the judged group '\(group)'")
    }
  }

  private func checkMachines() throws {
    var known: Set<[String]> = []
    for row in rows where row.trace != nil && known.insert([row.gpu] + row.settings).inserted {
      do {
        _ = try MachineDescription.load(row.gpu, overrides: row.settings)
      } catch {
        throw SuiteError(.data, file: file, line: row.line, "\(row.name): \(error)")
      }
    }
  }
}

extension Threshold {
  init(_ yaml: YAMLValue) throws {
    let fields = try yaml.fields(["mape", "worst", "order", "ties", "group"])
    guard let mape = try fields["mape"]?.number, mape >= 0 else {
      throw yaml.fail("the threshold has no mape in percent")
    }
    let order = try fields["order"]?.flag ?? false
    if let ties = fields["ties"], try !order || ties.number < 0 {
      throw ties.fail("ties are a percentage, beside order: true")
    }
    self.init(
      mape: mape, worst: try fields["worst"]?.number, order: order,
      ties: try fields["ties"]?.number ?? 0, group: try fields["group"]?.text)
  }
}

extension SuiteRow {
  /// What a suite says for all rows.
  struct Defaults {
    var gpu: String?
    var settings: [String]
    var traces: String
    var tables: Tables
  }

  /// Tables of measurements: the suite's, and those that rows name.
  struct Tables {
    var own: MeasurementTable
    var others: [String: MeasurementTable]
  }

  fileprivate static let keys = [
    "row", "measurements", "name", "gpu", "set", "trace", "kernel", "figure", "group", "unusable",
    "remark", "at",
    "ci",
  ]

  init(_ yaml: YAMLValue, _ defaults: Defaults) throws {
    let fields = try yaml.fields(Self.keys)
    guard let number = try fields["row"]?.number else { throw yaml.fail("the row has no 'row'") }
    let table =
      try fields["measurements"].flatMap { defaults.tables.others[try $0.text] }
      ?? defaults.tables.own
    guard let measurement = Int(exactly: number).flatMap({ table[$0] }) else {
      throw yaml.fail("\(table.file) has no row \(try fields["row"]?.text ?? "")")
    }
    guard let gpu = try fields["gpu"]?.text ?? defaults.gpu else {
      throw yaml.fail("the row has no 'gpu'")
    }
    self.measurement = measurement
    self.gpu = gpu
    name =
      try fields["name"]?.text
      ?? [measurement.benchmark, measurement.metric].filter { !$0.isEmpty }.joined(separator: ": ")
    settings = try defaults.settings + (fields["set"]?.texts ?? [])
    traceName = try fields["trace"]?.text
    trace = traceName.map { $0.hasPrefix("/") ? $0 : defaults.traces + "/" + $0 }
    kernel = try fields["kernel"].map { KernelReference(try $0.text) }
    group = try fields["group"]?.text
    unusable = try fields["unusable"]?.text
    remark = try fields["remark"]?.text ?? ""
    at = try fields["at"]?.number
    isCI = try fields["ci"]?.flag ?? false
    line = yaml.line
    do { figure = try fields["figure"].map { try Figure($0.text) } } catch let error as FigureError
    {
      throw (fields["figure"] ?? yaml).fail(error.description)
    }
    try check(yaml, fields["trace"] ?? yaml)
  }

  private func check(_ yaml: YAMLValue, _ place: YAMLValue) throws {
    if let trace {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: trace, isDirectory: &isFolder),
        !isFolder.boolValue
      else { throw place.fail("the trace \(trace) is missing") }
      guard figure != nil else { throw yaml.fail("the row has a trace and no 'figure'") }
    } else if unusable == nil {
      throw yaml.fail("the row has neither a trace nor a reason why it is unusable")
    }
    guard measurement.value != 0 || unusable != nil else {
      throw yaml.fail("the measured value is zero, so that no error in percent exists")
    }
    if let unusable, unusable.isEmpty { throw yaml.fail("'unusable' must say why") }
  }
}
