/// The script that `sbatch` is given: an array of tasks, each of which runs some points.
struct BatchScript {
  /// Slurm's usual `MaxArraySize` of 1001 counts from 0.
  static let mostTasks = 1000

  var jobName: String
  var tasks: Int
  var options: SlurmOptions
  /// Where tasks write what they say.
  var outputFolder: String
  var executable: String
  var store: String
  /// A file whose line N has the points of task N.
  var chunks: String

  var text: String {
    var directives = [
      ("job-name", jobName),
      ("array", "1-\(tasks)" + (options.tasksAtATime.map { "%\($0)" } ?? "")), ("ntasks", "1"),
      ("cpus-per-task", String(options.cpusPerTask)),
      ("output", outputFolder.replacing("%", with: "%%") + "/%A_%a.out"),
      // Points that have a result are not run again.
      ("requeue", nil),
    ]
    directives += options.directives.map { ($0.name, $0.value) }
    let lines = directives.map { name, value in
      "#SBATCH --\(name)" + (value.map { "=\(Self.escaped($0))" } ?? "")
    }
    return """
      #!/bin/bash
      \(lines.joined(separator: "\n"))
      points=$(sed -n "${SLURM_ARRAY_TASK_ID}p" \(Self.quoted(chunks)))
      exec \(Self.quoted(executable)) sweep-chunk \(Self.quoted(store)) "$points" \\
        --jobs "$SLURM_CPUS_PER_TASK"

      """
  }

  /// One word of the shell.
  private static func quoted(_ text: String) -> String {
    "'\(text.replacing("'", with: "'\\''"))'"
  }

  /// One word of a directive, which knows double quotes only.
  private static func escaped(_ text: String) -> String {
    text.contains(" ") ? "\"\(text)\"" : text
  }
}
