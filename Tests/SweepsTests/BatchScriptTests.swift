import Foundation
import Testing

@testable import Sweeps

@Suite struct BatchScriptTests {
  @Test func `the script has the options of the sweep and quotes its paths`() throws {
    let folder = try SweepFolder()
    let spec = try folder.spec(
      """
      traces: [a.sass]
      slurm: { partition: long, time: "02:00:00", memory: 4G, cpusPerTask: 8, tasksAtATime: 20 }
      """)
    let script = BatchScript(
      jobName: "needletail-1", tasks: 12, options: spec.slurm, outputFolder: "/a b/100%/slurm",
      executable: "/opt/it's/needletail", store: "/a b/100%", chunks: "/a b/100%/slurm/chunks")
    #expect(
      script.text == #"""
        #!/bin/bash
        #SBATCH --job-name=needletail-1
        #SBATCH --array=1-12%20
        #SBATCH --ntasks=1
        #SBATCH --cpus-per-task=8
        #SBATCH --output="/a b/100%%/slurm/%A_%a.out"
        #SBATCH --requeue
        #SBATCH --mem=4G
        #SBATCH --partition=long
        #SBATCH --time=02:00:00
        points=$(sed -n "${SLURM_ARRAY_TASK_ID}p" '/a b/100%/slurm/chunks')
        exec '/opt/it'\''s/needletail' sweep-chunk '/a b/100%' "$points" \
          --jobs "$SLURM_CPUS_PER_TASK"

        """#)
  }

  /// Points, seconds of a point where known, `pointsPerTask` where given: tasks and their size.
  @Test(
    arguments: [
      (200, nil, nil, 8, 25), (10, nil, nil, 1, 10), (200, 10.0, nil, 7, 30),
      (200, 600.0, nil, 200, 1),
      (200, 1e-9, nil, 1, 200), (5000, 900.0, nil, 1000, 5), (200, 10.0, 50, 4, 50),
    ] as [(Int, Double?, Int?, Int, Int)])
  func `a task has minutes of work, and there are not more tasks than Slurm takes`(
    count: Int, seconds: Double?, wanted: Int?, tasks: Int, size: Int
  ) throws {
    let folder = try SweepFolder()
    let point = try #require(try folder.points("traces: [a.sass]\n").first)
    let points = (1...count).map { number in
      var copy = point
      copy.point = number
      return copy
    }
    var options = SlurmOptions()
    options.pointsPerTask = wanted
    let engine = SlurmEngine(ResultStore(path: folder.path("store")), options: options) { _ in }
    let (script, chunks) = try engine.script(points, secondsPerPoint: seconds)
    #expect(script.tasks == tasks && chunks.count == tasks)
    #expect(chunks[0].description == (size == 1 ? "1" : "1-\(size)"))
    #expect(chunks.reduce(0) { $0 + $1.numbers.count } == count)
  }
}
