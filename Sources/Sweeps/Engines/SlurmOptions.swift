import Configuration

/// What a sweep's file asks of a Slurm cluster.
public struct SlurmOptions: Sendable {
  /// Options of `sbatch` that are passed on, by their names in the file.
  private static let passed = [
    "partition": "partition", "account": "account", "qos": "qos", "constraint": "constraint",
    "time": "time", "memory": "mem", "exclude": "exclude",
  ]

  /// Options of `sbatch` and their values.
  var directives: [(name: String, value: String)] = []
  /// Simulations at a time within a task.
  var cpusPerTask = 1
  /// Points of a task; nil: as many as take some minutes.
  var pointsPerTask: Int?
  /// Tasks at a time; nil: as many as the cluster gives.
  var tasksAtATime: Int?

  public init() {}

  init(_ yaml: YAMLValue) throws {
    let numbers = ["cpusPerTask", "pointsPerTask", "tasksAtATime"]
    let fields = try yaml.fields(Self.passed.keys.sorted() + numbers)
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
      let text = try value.text
      if let option = Self.passed[name] {
        let allowed = text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "#") }
        guard allowed, !text.isEmpty else { throw value.fail("\(name): one word is needed") }
        directives.append((option, text))
        continue
      }
      guard let number = Int(text), (1...100_000).contains(number) else {
        throw value.fail("\(name): '\(text)' is no number from 1 to 100000")
      }
      switch name {
      case "cpusPerTask": cpusPerTask = number
      case "pointsPerTask": pointsPerTask = number
      default: tasksAtATime = number
      }
    }
  }
}
