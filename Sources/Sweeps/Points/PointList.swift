import Configuration
import Foundation
import Simulation

/// All points of a sweep.
public struct PointList: Sendable {
  public let points: [SweepPoint]

  /// More than anyone waits for; bounds the work on a wrong file.
  private static let limit = 1_000_000

  /// Looks at a trace before anything is run; throws what is wrong with it.
  public typealias TraceCheck = (String) throws -> Void

  /// Resolves a sweep: every machine, every trace, every constraint. `check` looks at each trace.
  public init(_ spec: SweepSpec, check: TraceCheck) throws {
    var hashes: [String: String] = [:]
    for trace in spec.traces where hashes[trace.file] == nil {
      func fail(_ message: String) -> ConfigurationError {
        ConfigurationError(.data, file: spec.file, line: trace.line, message)
      }
      do { try check(trace.file) } catch { throw fail("\(error)") }
      guard let hash = SHA256.hexadecimal(ofFile: trace.file) else {
        throw fail("\(trace.file): cannot be read")
      }
      hashes[trace.file] = hash
    }
    let combinations = try spec.combinations(limit: Self.limit)
    let machines = try spec.machineHashes(combinations)
    var points: [SweepPoint] = []
    for trace in spec.traces {
      for (combination, gpuHash) in zip(combinations, machines) {
        var values = combination.values
        values["trace"] = trace.label
        values["gpu"] = combination.gpu.label
        values["variant"] = combination.variant
        guard try spec.constraints.allSatisfy({ try $0.holds(values) }) else { continue }
        let gpuHash = try gpuHash.get()
        let traceHash = hashes[trace.file] ?? ""
        points.append(
          SweepPoint(
            point: points.count + 1,
            id: SweepPoint.id(
              gpuHash: gpuHash, traceHash: traceHash, kernels: spec.kernels,
              maximumCycles: spec.maximumCycles, simulator: SimulatorIdentity.version,
              build: SimulatorIdentity.build),
            trace: trace.label, file: trace.file, traceHash: traceHash, gpu: combination.gpu.label,
            description: combination.gpu.description, gpuHash: gpuHash,
            variant: combination.variant, parameters: combination.values,
            overrides: combination.overrides, kernels: spec.kernels,
            maximumCycles: spec.maximumCycles, simulator: SimulatorIdentity.version,
            build: SimulatorIdentity.build))
      }
    }
    guard !points.isEmpty else {
      throw ConfigurationError(.data, file: spec.file, "the constraints leave no point")
    }
    self.points = points
  }

  /// Reads `points.jsonl`.
  public init(file: String) throws {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw ConfigurationError(.data, file: file, "there is no such sweep, or it cannot be read")
    }
    let decoder = JSONDecoder()
    points = try data.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
      guard let point = try? decoder.decode(SweepPoint.self, from: line), point.point == index + 1
      else {
        throw ConfigurationError(
          .data, file: file, line: index + 1,
          "is damaged: no point \(index + 1) of a sweep; remove the file and run the sweep again "
            + "with --resume, which writes it anew")
      }
      return point
    }
  }

  /// Reads the points of a store.
  public init(store path: String) throws {
    try self.init(file: ResultStore(path: path).pointsFile)
  }

  /// The points file.
  public func data() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var data = Data()
    for point in points {
      data += try encoder.encode(point)
      data.append(UInt8(ascii: "\n"))
    }
    return data
  }

  /// Points without those whose result an earlier point gives.
  var distinct: [SweepPoint] {
    var seen: Set<String> = []
    return points.filter { seen.insert($0.id).inserted }
  }
}

/// One choice of GPU, variant and parameters.
struct Combination {
  var gpu: SweepSpec.GPU
  var variant: String?
  /// Values by column.
  var values: [String: String]
  var overrides: [String]
}

extension SweepSpec {
  /// Every choice that the lists give, the last axis fastest.
  func combinations(limit: Int) throws -> [Combination] {
    let sizes = axes.map(\.count) + [gpus.count, max(1, variants.count), traces.count]
    let count = sizes.reduce(1) { $0.multipliedReportingOverflow(by: $1).overflow ? .max : $0 * $1 }
    guard count <= limit else {
      throw ConfigurationError(.data, file: file, "has more than \(limit) points")
    }
    var all: [Combination] = []
    for gpu in gpus {
      let choices: [Variant?] = variants.isEmpty ? [nil] : variants
      for variant in choices {
        var partial = [
          Combination(
            gpu: gpu, variant: variant?.name, values: [:],
            overrides: settings + (variant?.settings ?? []))
        ]
        for axis in axes {
          partial = partial.flatMap { before in
            (0..<axis.count).map { step in
              var after = before
              for parameter in axis.parameters {
                after.values[parameter.name] = parameter.values[step]
                after.overrides.append("\(parameter.path)=\(parameter.values[step])")
              }
              return after
            }
          }
        }
        all += partial
      }
    }
    return all
  }

  /// The fingerprint of every combination's machine, or why it makes none. Throws where a GPU or a
  /// setting is wrong in itself.
  func machineHashes(
    _ combinations: [Combination]
  ) throws -> [Result<String, ConfigurationError>] {
    var bases: [String: BaseDescription] = [:]
    for gpu in gpus {
      bases[gpu.description] = try at(gpu.line) { try BaseDescription(gpu.description) }
    }
    return try combinations.map { combination in
      let base = bases[combination.gpu.description]
      do {
        return .success(try base?.description(overrides: combination.overrides).hash ?? "")
      } catch let error as ConfigurationError where error.kind == .usage {
        try checkSettings(of: combination, base)
        let words = [combination.gpu.label] + combination.overrides
        return .failure(
          ConfigurationError(
            .data, file: file,
            "\(words.joined(separator: " ")): \(Self.plain(error)); a constraint can leave it out"))
      }
    }
  }

  /// Finds a setting of a machine that is wrong in itself, where the file has it.
  private func checkSettings(of combination: Combination, _ base: BaseDescription?) throws {
    func check(_ setting: String, _ line: Int) throws {
      try at(line) { _ = try base?.description(overrides: [setting]) }
    }
    for setting in settings { try check(setting, settingsLine) }
    if let variant = variants.first(where: { $0.name == combination.variant }) {
      for setting in variant.settings { try check(setting, variant.line) }
    }
    for parameter in axes.flatMap(\.parameters) {
      guard let value = combination.values[parameter.name] else { continue }
      try check("\(parameter.path)=\(value)", parameter.line)
    }
  }

  /// An error of the command line becomes one of the file's line.
  private func at<Result>(_ line: Int, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as ConfigurationError where error.kind == .usage {
      throw ConfigurationError(.data, file: file, line: line, Self.plain(error))
    }
  }

  /// Without the name of an option that was not used.
  fileprivate static func plain(_ error: ConfigurationError) -> String {
    String(error.message.trimmingPrefix("--set "))
  }
}
