import Foundation
import GRDB
import Simulation
import Testing

@testable import Sweeps

@Suite struct StoreTests {
  /// A store whose points were run in this process.
  private func sweep(_ folder: SweepFolder, _ more: String = "") throws -> Sweep {
    let spec = try folder.spec(
      """
      traces: [a.sass, b.sass]
      set: { smCount: 1 }
      parameters: { ports: { path: sm.registerFile.readPorts, values: [1, 2] } }
      \(more)
      """)
    let sweep = Sweep(
      spec, try PointList(spec) { _ in }, ResultStore(path: folder.path("store")))
    try sweep.begin(resuming: true)
    return sweep
  }

  private func run(_ sweep: Sweep) throws {
    let runner = PointRunner(sweep.store) { path in
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      return ListingProgram(try .parse([UInt8](data), file: path))
    }
    for point in sweep.list.points { try runner.run(point) }
  }

  private func resultFile(_ sweep: Sweep, _ point: Int) -> String {
    "\(sweep.store.path)/results/\(sweep.list.points[point - 1].id).json"
  }

  private func isDone(_ sweep: Sweep, _ point: Int) -> Bool {
    if case .done = sweep.store.outcome(of: sweep.list.points[point - 1]) { true } else { false }
  }

  @Test func `the CSV and the database have the swept parameters as columns and agree`() throws {
    let folder = try SweepFolder()
    let sweep = try sweep(folder)
    try run(sweep)
    let summary = try sweep.merge()
    #expect(summary.done == 4 && summary.failed == 0 && summary.missing == 0)
    #expect(try sweep.complaints() == [])
    let lines = try String(contentsOfFile: sweep.store.csvFile, encoding: .utf8)
      .split(separator: "\n")
    #expect(lines.count == 5)
    #expect(lines[0].hasPrefix("point,trace,gpu,ports,status,error,kernel,name,grid,block,cycles,"))
    #expect(lines[2].hasPrefix("2,a.sass,rtx-a6000,2,ok,,1,"))
    let database = try DatabaseQueue(path: sweep.store.databaseFile)
    let rows = try database.read {
      try Row.fetchAll($0, sql: "SELECT * FROM results ORDER BY point")
    }
    #expect(Array(rows[0].columnNames).joined(separator: ",") == lines[0])
    #expect(rows[1]["ports"] as Int64? == 2 && rows[1]["trace"] == "a.sass")
    let total = try database.read { try Int.fetchOne($0, sql: "SELECT sum(cycles) FROM points") }
    let cycles = sweep.list.points.map { point -> Int in
      if case .done(let record) = sweep.store.outcome(of: point) { Int(record.cycles) } else { 0 }
    }
    #expect(total == cycles.reduce(0, +) && cycles.allSatisfy { $0 > 0 })
  }

  @Test func `a damaged result, and one of another simulator, count for nothing`() throws {
    let folder = try SweepFolder()
    let sweep = try sweep(folder)
    try run(sweep)
    #expect(sweep.pendingCount == 0)
    let whole = try Data(contentsOf: URL(fileURLWithPath: resultFile(sweep, 1)))
    try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: resultFile(sweep, 1)))
    let other = try String(contentsOfFile: resultFile(sweep, 2), encoding: .utf8)
      .replacing("\"build\":\"\(SimulatorIdentity.build)\"", with: "\"build\":\"another\"")
    try other.write(toFile: resultFile(sweep, 2), atomically: true, encoding: .utf8)
    #expect(!isDone(sweep, 1) && !isDone(sweep, 2) && isDone(sweep, 3))
    #expect(sweep.pendingCount == 2)
    try run(sweep)
    #expect(sweep.pendingCount == 0)
  }

  @Test func `a result is not written again once it is there`() throws {
    let folder = try SweepFolder()
    let sweep = try sweep(folder)
    try run(sweep)
    func inode() throws -> UInt64? {
      let attributes = try FileManager.default.attributesOfItem(atPath: resultFile(sweep, 1))
      return (attributes[.systemFileNumber] as? NSNumber)?.uint64Value
    }
    let before = try inode()
    try run(sweep)
    #expect(try inode() == before)
  }

  @Test func `a trace that changed since the points were made is a recorded failure`() throws {
    let folder = try SweepFolder()
    let sweep = try sweep(folder)
    try folder.write("a.sass", "NOP\nNOP\nNOP\n")
    #expect(throws: ChangedInputError.self) { try run(sweep) }
    guard case .failed(let error) = sweep.store.outcome(of: sweep.list.points[0]) else {
      Issue.record("the failure is not recorded")
      return
    }
    #expect(error.contains("a.sass has changed or is gone since the points were made"))
    let summary = try sweep.merge()
    #expect(summary.failed == 1 && summary.missing == 3)
    let csv = try String(contentsOfFile: sweep.store.csvFile, encoding: .utf8)
    #expect(
      csv.contains("\n1,a.sass,rtx-a6000,1,failed,")
        && csv.contains("\n2,a.sass,rtx-a6000,2,missing,,"))
  }

  @Test func `the check finds missing results and changed files`() throws {
    let folder = try SweepFolder()
    let sweep = try sweep(folder)
    try run(sweep)
    _ = try sweep.merge()
    try FileManager.default.removeItem(atPath: resultFile(sweep, 3))
    #expect(try sweep.complaints().first == "1 points have no result")
    try run(sweep)
    #expect(try sweep.complaints() == [])
    let database = try FileHandle(forUpdating: URL(fileURLWithPath: sweep.store.databaseFile))
    try database.seek(toOffset: 0)
    try database.write(contentsOf: Data(repeating: 7, count: 5000))
    try database.close()
    #expect(try sweep.complaints().first?.contains("results.sqlite is damaged") == true)
  }

  @Test func `a file takes another's place wholly or not at all`() throws {
    let folder = try SweepFolder()
    let path = try folder.write("file", "old")
    try WholeFile.write(Data("new".utf8), to: path)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
    #expect(throws: StoreError.self) {
      try WholeFile.write(Data("x".utf8), to: "/dev/full/none")
    }
    #expect(throws: StoreError.self) {
      try WholeFile.write(Data("x".utf8), to: folder.path("no/x"))
    }
  }
}
