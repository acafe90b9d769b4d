import Foundation
import Testing

@Suite struct SweepCommandTests {
  /// A folder with traces that take milliseconds and a sweep of them, gone at the end.
  private final class Folder: ScratchFolder {
    init(_ spec: String = Folder.spec) throws {
      try super.init()
      try write("t.sass", "CS2R.32 R2, SR_CLOCKLO\nNOP\n")
      try write("stuck.sass", ".block 64\n.warps 0\nBAR.SYNC 0x1, 0x60\n.end\nEXIT\n")
      try write("s.yaml", spec)
    }

    static let spec = """
      traces: [t.sass]
      set: { smCount: 1 }
      parameters:
        ports: { path: sm.registerFile.readPorts, values: [1, 2] }

      """

    func sweep(_ more: String..., limit: String = "") throws -> (Int32, String, String) {
      try call(
        ["sweep", path("s.yaml"), "-o", path("store")] + more, shell: limit + " exec \"$0\" \"$@\"")
    }
  }

  @Test(
    arguments: [
      (["sweep"], 2), (["sweep", "/nope.yaml"], 65), (["sweep", "README.md"], 65),
      (["sweep", "Docs/sweeps/register-file.yaml", "-j", "0"], 2),
      (["sweep", "Docs/sweeps/register-file.yaml", "--engine", "pbs"], 2),
      (["sweep", "Docs/sweeps/register-file.yaml", "--plan", "--verify"], 2),
      (["sweep", "Docs/sweeps/register-file.yaml", "-o", "/proc/nope", "--plan"], 1),
      (["sweep-point", "/nope", "1"], 65), (["sweep-chunk", "/nope", "1"], 65),
    ] as [([String], Int32)])
  func `a mistake is one line on standard error and the right status`(
    arguments: [String], status: Int32
  ) throws {
    try expectMistake(arguments, status)
  }

  @Test func `a sweep runs once, and is continued only when asked`() throws {
    let folder = try Folder()
    let (code, text, complaint) = try folder.sweep()
    #expect(code == 0 && complaint == "")
    #expect(text.hasPrefix("2 points: 2 done (0 before), 0 failed, 0 missing\n"))
    let (again, _, refusal) = try folder.sweep()
    #expect(again == 2 && refusal.contains("holds a sweep already; continue it with --resume"))
    #expect(try folder.sweep("--resume").1.hasPrefix("2 points: 2 done (2 before)"))
    #expect(try folder.sweep("--verify").1 == "2 points: 2 done, 0 failed; the store is whole\n")
    // A longer list takes what is there.
    try folder.write("s.yaml", Folder.spec.replacing("[1, 2]", with: "[1, 2, 3]"))
    #expect(try folder.sweep("--resume").1.hasPrefix("3 points: 3 done (2 before)"))
  }

  @Test func `a failed point is recorded with its error, and the sweep goes on`() throws {
    let folder = try Folder(Folder.spec.replacing("[t.sass]", with: "[stuck.sass, t.sass]"))
    let (code, text, complaint) = try folder.sweep()
    #expect(code == 1)
    #expect(text.hasPrefix("4 points: 2 done (0 before), 2 failed, 0 missing\n"))
    expectComplaint(complaint, "2 of 4 points failed, first point 1 (stuck.sass")
    let csv = try folder.read("store/results.csv")
    #expect(csv.contains("\n1,stuck.sass,rtx-a6000,1,failed,") && csv.contains("barrier"))
    // Only the failed ones are run again.
    try folder.write("stuck.sass", "NOP\n")
    #expect(try folder.sweep("--resume").1.hasPrefix("4 points: 4 done (2 before), 0 failed"))
  }

  @Test func `nothing is written by a dry run, and the batch script is shown`() throws {
    let folder = try Folder()
    let (code, text, _) = try folder.sweep("--dry-run")
    #expect(code == 0 && text.hasPrefix("2 points, 2 of them to be run"))
    let (status, script, _) = try folder.sweep("--dry-run", "--engine", "slurm")
    #expect(status == 0 && script.hasPrefix("#!/bin/bash\n#SBATCH --job-name=needletail-"))
    #expect(script.contains("#SBATCH --array=1-1\n") && script.contains(" sweep-chunk "))
    #expect(!FileManager.default.fileExists(atPath: folder.path("store")))
  }

  @Test func `a file that cannot grow costs a point, and resuming completes the sweep`() throws {
    let folder = try Folder()
    let (code, _, complaint) = try folder.sweep("-j", "1", limit: "ulimit -f 3;")
    #expect(code == 1)
    #expect(complaint.contains("a result could not be written (is the disk full?)"))
    expectComplaint(complaint)
    #expect(try folder.names(in: "store/results") == [])
    #expect(try folder.sweep("--resume").1.hasPrefix("2 points: 2 done (0 before)"))
    let before = try folder.read("store/results.csv")
    // Merged files that cannot be written stay as they were.
    try folder.write("s.yaml", Folder.spec.replacing("[1, 2]", with: "[1]"))
    #expect(try folder.sweep("--resume", limit: "ulimit -f 1;").0 == 1)
    #expect(try folder.read("store/results.csv") == before)
    #expect(try folder.sweep("--resume").0 == 0)
    #expect(try folder.sweep("--verify").0 == 0)
  }

  @Test func `two sweeps do not share a store at a time`() throws {
    let folder = try Folder()
    _ = try folder.sweep()
    let (code, _, complaint) = try call(
      [folder.path("s.yaml"), folder.path("store")],
      shell: """
        exec 9>"$2/lock"; flock 9; "$0" sweep "$1" -o "$2" --resume 9>&-
        """)
    #expect(code == 2 && complaint.contains("another sweep works on it"))
  }

  @Test func `other schedulers run the points of a plan`() throws {
    let folder = try Folder()
    #expect(try folder.sweep("--plan").1.hasPrefix("2 points in "))
    #expect(try call(["sweep-point", folder.path("store"), "2"]).0 == 0)
    #expect(try call(["sweep-chunk", folder.path("store"), "1-2"]).0 == 0)
    #expect(try call(["sweep-point", folder.path("store"), "3"]).0 == 2)
    #expect(try call(["sweep-chunk", folder.path("store"), "1-x"]).0 == 2)
    #expect(try folder.sweep("--resume").1.hasPrefix("2 points: 2 done (2 before)"))
  }

  @Test func `a child that is killed is a failed point`() throws {
    let folder = try Folder()
    let (code, _, complaint) = try folder.sweep("--plan")
    #expect(code == 0, "\(complaint)")
    let (status, _, _) = try call(
      [folder.path("store")],
      shell: """
        "$0" sweep-chunk "$1" 1 -j 1 & chunk=$!
        for i in $(seq 2000); do
          child=$(pgrep -P $chunk) && kill -9 $child 2>/dev/null && break
        done
        wait $chunk
        """)
    #expect(status == 1)
    let names = try folder.names(in: "store/results")
    let failure = try #require(names.first { $0.hasSuffix(".failed.json") })
    #expect(try folder.read("store/results/\(failure)").contains("ended by signal 9 (Killed)"))
  }

  // MARK: The scripts of Docs/sweeps

  /// A program that simulates little: the scripts run in seconds in an unoptimised build.
  private func shortRuns(in folder: Folder) throws -> String {
    let text = "#!/bin/sh\nexec '\(program.path)' \"$@\" --set smCount=1 --max-cycles 2500\n"
    return try folder.writeProgram("needletail", text)
  }

  /// The shipped sweep with the same settings.
  private func shortSweep() throws -> String {
    let text = try String(
      contentsOf: root.appendingPathComponent("Docs/sweeps/register-file.yaml"), encoding: .utf8)
    return text.replacing("../../Traces", with: root.path + "/Traces")
      + "set: { smCount: 1 }\nmaxCycles: 2500\n"
  }

  /// Trace, ports, cache, depth, cycles of each line.
  private func table(_ csv: String, _ columns: [String]) throws -> Set<[String]> {
    let lines = csv.split(separator: "\n").map { line in
      // Quoted fields hold grid and block, which nobody asks for here.
      line.replacing(/"[^"]*"/, with: "").split(separator: ",", omittingEmptySubsequences: false)
        .map(String.init)
    }
    let head = try #require(lines.first)
    let places = try columns.map { try #require(head.firstIndex(of: $0)) }
    return Set(
      lines.dropFirst().map { line in
        places.map { line[$0].split(separator: "/").last.map(String.init) ?? "" }
          .map { $0.replacing(".sass", with: "") }
      })
  }

  @Test func `the shell script and the sweep's file give the same cycles`() throws {
    let folder = try Folder(try shortSweep())
    let (code, text, complaint) = try call(
      [], environment: ["NEEDLETAIL": try shortRuns(in: folder)],
      shell: "exec Docs/sweeps/register-file.sh")
    #expect(code == 0 && complaint == "")
    #expect(try folder.sweep().0 == 0)
    let columns = ["trace", "ports", "rfc", "prefetch", "cycles"]
    let loop = try table(text, columns)
    #expect(loop.count == 60)
    #expect(try table(folder.read("store/results.csv"), columns) == loop)
    let script = try String(
      contentsOf: root.appendingPathComponent("Docs/sweeps/register-file.sh"), encoding: .utf8)
    #expect(script.split(separator: "\n").count < 20)
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/parallel")))
  func `GNU parallel gives the same cycles, and goes on where it was stopped`() throws {
    let folder = try Folder(try shortSweep())
    let environment = ["NEEDLETAIL": try shortRuns(in: folder), "HOME": folder.url.path]
    func parallel() throws -> (Int32, String, String) {
      try call(
        [folder.path("out")], environment: environment,
        shell: "exec Docs/sweeps/parallel.sh \"$1\" 2>&1")
    }
    // A program that fails half-way leaves what it has done.
    let program = try folder.read("needletail")
    try folder.writeProgram(
      "needletail", program.replacing("exec", with: "case $* in *tensor*) exit 1;; esac; exec"))
    #expect(try parallel().0 == 12)
    let log = try folder.read("out/log").split(separator: "\n").count
    #expect(log == 61)
    try folder.writeProgram("needletail", program)
    let (code, text, _) = try parallel()
    #expect(code == 0)
    #expect(try folder.read("out/log").split(separator: "\n").count == 73)
    #expect(try folder.sweep().0 == 0)
    let columns = ["trace", "ports", "rfc", "prefetch", "cycles"]
    #expect(try table(folder.read("store/results.csv"), columns) == table(text, columns))
  }
}
