import Configuration

/// What a user asks for: traces × GPUs × variants × parameters, less what constraints rule out.
public struct SweepSpec: Sendable {
  /// A trace as the file names it, and where it lies.
  struct Trace: Sendable {
    var label: String
    var file: String
    var line: Int
  }

  /// A GPU as the file names it, and what `--gpu` would be given.
  struct GPU: Sendable {
    var label: String
    var description: String
    var line: Int
  }

  /// Settings that go together under one name.
  struct Variant: Sendable {
    var name: String
    var settings: [String]
    var line: Int
  }

  public let file: String
  /// The file's name without its ending.
  public let name: String
  var traces: [Trace]
  var gpus: [GPU]
  /// Settings of every point.
  var settings: [String]
  var settingsLine: Int
  /// Empty where the file names none.
  var variants: [Variant]
  var axes: [Axis]
  var constraints: [Constraint]
  /// Launches to run, as `--kernels` has them.
  var kernels: String?
  var maximumCycles: Int64?
  public var slurm: SlurmOptions

  /// The swept parameters, in the file's order: columns of the results.
  public var columns: [String] { axes.flatMap { $0.parameters.map(\.name) } }

  public var hasVariants: Bool { !variants.isEmpty }
}

/// Parameters that change together: one that is crossed with the others, or some that are zipped.
struct Axis: Sendable {
  struct Parameter: Sendable {
    /// Name of the column.
    var name: String
    /// What `--set` would change.
    var path: String
    var values: [String]
    var line: Int
  }

  var parameters: [Parameter]

  /// Every step gives each parameter of the axis its value.
  var count: Int { parameters.first?.values.count ?? 0 }
}
