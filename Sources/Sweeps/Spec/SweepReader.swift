import Configuration
import Foundation
import Simulation

extension SweepSpec {
  private static let keys = [
    "traces", "gpus", "set", "parameters", "zip", "variants", "constraints", "kernels",
    "maxCycles", "slurm",
  ]

  /// Reads and checks a file. Paths are relative to it. Throws `ConfigurationError`.
  public init(file: String) throws {
    let yaml = try YAMLValue(file: file, kind: "sweep")
    let fields = try yaml.fields(Self.keys)
    guard let traces = fields["traces"] else { throw yaml.fail("the sweep has no 'traces'") }
    self.file = file
    name = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
    self.traces = try traces.list.flatMap { try Trace.matching($0, folder: folder) }
    guard !self.traces.isEmpty else { throw traces.fail("names no trace") }
    gpus = try fields["gpus"].map { try $0.list.map { try GPU($0, folder: folder) } } ?? []
    if fields["gpus"] == nil {
      gpus = [GPU(label: "rtx-a6000", description: "rtx-a6000", line: yaml.line)]
    }
    guard !gpus.isEmpty else { throw (fields["gpus"] ?? yaml).fail("names no GPU") }
    settings = try fields["set"].map { try Self.settings($0) } ?? []
    settingsLine = fields["set"]?.line ?? yaml.line
    variants =
      try fields["variants"].map {
        try $0.entries.map {
          Variant(name: try $0.text, settings: try Self.settings($1), line: $0.line)
        }
      } ?? []
    if let list = fields["variants"], variants.isEmpty { throw list.fail("names no variant") }
    axes = try fields["parameters"].map { try Self.crossed($0) } ?? []
    axes += try fields["zip"].map { try $0.list.map { try Self.zipped($0) } } ?? []
    kernels = try fields["kernels"].map { value in
      let text = try value.text
      do { _ = try NumberRanges(text) } catch { throw value.fail("kernels: \(error)") }
      return text
    }
    maximumCycles = try fields["maxCycles"].map { value in
      guard let limit = Int64(try value.text), limit > 0 else {
        throw value.fail("maxCycles: '\(try value.text)' is no positive number of cycles")
      }
      return limit
    }
    slurm = try fields["slurm"].map { try SlurmOptions($0) } ?? SlurmOptions()
    try Self.checkNames(axes, file: file)
    let columns = axes.flatMap { $0.parameters.map(\.name) }
    let known = ["trace", "gpu"] + (variants.isEmpty ? [] : ["variant"]) + columns
    constraints =
      try fields["constraints"].map {
        try $0.list.map { try Constraint(try $0.text, names: known, at: $0) }
      } ?? []
  }

  /// `path=value` in a list, or a mapping of paths to values.
  private static func settings(_ yaml: YAMLValue) throws -> [String] {
    if yaml.isMapping {
      return try yaml.entries.map { "\(try $0.text)=\(try scalar($1))" }
    }
    return try yaml.list.map { item in
      let text = try item.text
      guard text.contains("=") else { throw item.fail("'\(text)': write PATH=VALUE") }
      return text
    }
  }

  private static func crossed(_ yaml: YAMLValue) throws -> [Axis] {
    try yaml.entries.map { Axis(parameters: [try Axis.Parameter($0, $1)]) }
  }

  private static func zipped(_ yaml: YAMLValue) throws -> Axis {
    let parameters = try yaml.entries.map { try Axis.Parameter($0, $1) }
    guard let first = parameters.first else { throw yaml.fail("zips no parameters") }
    for other in parameters where other.values.count != first.values.count {
      throw ConfigurationError(
        .data, file: yaml.file, line: other.line,
        "\(other.name) has \(other.values.count) values and \(first.name) has "
          + "\(first.values.count): what is zipped must have as many")
    }
    return Axis(parameters: parameters)
  }

  /// Columns must differ, in SQLite too, which does not see a letter's case.
  private static func checkNames(_ axes: [Axis], file: String) throws {
    var seen = Set(MergedTable.ownColumns.map { $0.lowercased() })
    for parameter in axes.flatMap(\.parameters) {
      guard seen.insert(parameter.name.lowercased()).inserted else {
        throw ConfigurationError(
          .data, file: file, line: parameter.line,
          "'\(parameter.name)' is the name of another column of the results; give the parameter "
            + "another name: NAME: { path: \(parameter.path), values: […] }")
      }
    }
    var paths: Set<String> = []
    for parameter in axes.flatMap(\.parameters) where !paths.insert(parameter.path).inserted {
      throw ConfigurationError(
        .data, file: file, line: parameter.line, "'\(parameter.path)' is swept twice")
    }
  }

  fileprivate static func scalar(_ yaml: YAMLValue) throws -> String {
    if yaml.isList { return "[" + (try yaml.texts).joined(separator: ", ") + "]" }
    let text = try yaml.text
    guard !text.isEmpty else { throw yaml.fail("has no value") }
    return text
  }
}

extension SweepSpec.GPU {
  init(_ yaml: YAMLValue, folder: String) throws {
    label = try yaml.text
    line = yaml.line
    // A path, as `--gpu` recognises one.
    let isPath = label.contains("/") || label.hasSuffix(".yaml") || label.hasSuffix(".yml")
    description = isPath ? SweepSpec.Trace.absolute(label, folder: folder) : label
  }
}

extension SweepSpec.Trace {
  /// The files that a name or a pattern stands for.
  static func matching(_ yaml: YAMLValue, folder: String) throws -> [SweepSpec.Trace] {
    let label = try yaml.text
    guard !label.isEmpty else { throw yaml.fail("a trace has no name") }
    guard label != "-" else {
      throw yaml.fail("a sweep reads its traces many times; '-' can be read once")
    }
    let path = absolute(label, folder: folder)
    guard label.contains(where: { "*?[".contains($0) }) else {
      return [SweepSpec.Trace(label: label, file: path, line: yaml.line)]
    }
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(path, 0, nil, &found) == 0 else {
      throw yaml.fail("no file matches '\(label)'")
    }
    // What is before the pattern's own text is the folder that the path was put under.
    let prefix = label.hasPrefix("/") ? "" : folder + "/"
    return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
      .map {
        SweepSpec.Trace(
          label: $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0, file: $0,
          line: yaml.line)
      }
  }

  static func absolute(_ path: String, folder: String) -> String {
    path.hasPrefix("/") ? path : folder + "/" + path
  }
}

extension Axis.Parameter {
  /// `PATH: VALUES`, or `NAME: { path: PATH, … }` for a column of another name.
  init(_ key: YAMLValue, _ value: YAMLValue) throws {
    name = try key.text
    path = name
    line = key.line
    if value.isMapping {
      let fields = try value.fields(["path", "values", "from", "to", "step", "factor"])
      path = try fields["path"]?.text ?? name
      if let list = fields["values"] {
        guard Set(fields.keys).isSubset(of: ["path", "values"]) else {
          throw value.fail("\(name): give either values or a range")
        }
        values = try list.list.map { try SweepSpec.scalar($0) }
      } else {
        values = try Self.range(fields, at: value, name)
      }
    } else {
      values = try value.list.map { try SweepSpec.scalar($0) }
    }
    guard !values.isEmpty else { throw value.fail("\(name) has no values") }
    if Set(values).count < values.count { throw value.fail("\(name) has a value twice") }
    let allowed = name.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
        || [UInt8(ascii: "."), UInt8(ascii: "_")].contains($0)
    }
    guard allowed, name.first?.isLetter == true else {
      throw key.fail("'\(name)': a name has letters, digits, points and underscores")
    }
  }

  /// More steps than any sweep has; bounds the work on a wrong file.
  private static let stepLimit = 100_000

  private static func range(
    _ fields: [String: YAMLValue], at yaml: YAMLValue, _ name: String
  ) throws -> [String] {
    guard let from = try fields["from"]?.number, let to = try fields["to"]?.number, from <= to
    else {
      throw yaml.fail("\(name): write a list, values: […], or from: and to: with step: or factor:")
    }
    let step = try fields["step"]?.number
    let factor = try fields["factor"]?.number
    guard step == nil || factor == nil else {
      throw yaml.fail("\(name): give step or factor, not both")
    }
    if let step, step <= 0 { throw yaml.fail("\(name): step must be greater than 0") }
    if let factor, factor <= 1 || from <= 0 {
      throw yaml.fail("\(name): factor must be greater than 1, and from greater than 0")
    }
    var values: [String] = []
    for index in 0...stepLimit {
      let value = factor.map { from * pow($0, Double(index)) } ?? from + Double(index) * (step ?? 1)
      // A last step may miss the end by a rounding error.
      guard value <= to + abs(to) * 1e-12 else { return values }
      // 0.1 + 0.2 is written 0.3.
      let rounded = Double(String(format: "%.12g", value)) ?? value
      values.append(Int64(exactly: rounded).map(String.init) ?? "\(rounded)")
    }
    throw yaml.fail("\(name): more than \(stepLimit) values")
  }
}
