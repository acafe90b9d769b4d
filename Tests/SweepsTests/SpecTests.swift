import Foundation
import Testing

@testable import Sweeps

@Suite struct SpecTests {
  @Test func `lists and ranges are crossed, the last parameter fastest`() throws {
    let points = try SweepFolder().points(
      """
      traces: [a.sass, b.sass]
      gpus: [rtx-a6000, a40]
      parameters:
        ports: { path: sm.registerFile.readPorts, from: 1, to: 2 }
        sm.registerFile.cache: [true, false]
      """)
    #expect(points.count == 16)
    #expect(points.map(\.point) == Array(1...16))
    #expect(
      points.prefix(3).map(\.parameters) == [
        ["ports": "1", "sm.registerFile.cache": "true"],
        ["ports": "1", "sm.registerFile.cache": "false"],
        ["ports": "2", "sm.registerFile.cache": "true"],
      ])
    #expect(points[2].overrides == ["sm.registerFile.readPorts=2", "sm.registerFile.cache=true"])
    #expect(points[4].gpu == "a40" && points[8].trace == "b.sass")
    #expect(Set(points.map(\.id)).count == 16)
  }

  @Test(arguments: [
    ("from: 1, to: 16, factor: 2", ["1", "2", "4", "8", "16"]),
    ("from: 0.1, to: 0.3, step: 0.1", ["0.1", "0.2", "0.3"]), ("from: 3, to: 5", ["3", "4", "5"]),
    ("from: 0, to: 10, step: 4", ["0", "4", "8"]), ("values: [7, x]", ["7", "x"]),
  ]) func `a range has its values`(text: String, values: [String]) throws {
    let spec = try SweepFolder().spec(
      "traces: [a.sass]\nparameters: { p: { path: smCount, \(text) } }\n")
    #expect(spec.axes.first?.parameters.first?.values == values)
  }

  @Test func `what is zipped changes together, and variants and settings come first`() throws {
    let points = try SweepFolder().points(
      """
      traces: [a.sass]
      set: { smCount: 2 }
      variants:
        plain: {}
        narrow: ["sm.registerFile.cache=false"]
      zip:
        - sm.registerFile.readPorts: [1, 2]
          depth: { path: sm.frontEnd.prefetcher.lines, values: [4, 8] }
      """)
    #expect(points.map(\.variant) == ["plain", "plain", "narrow", "narrow"])
    let overrides = points.map { $0.overrides.joined(separator: " ") }
    let expected: [String] = [
      "smCount=2 sm.registerFile.readPorts=1 sm.frontEnd.prefetcher.lines=4",
      "smCount=2 sm.registerFile.readPorts=2 sm.frontEnd.prefetcher.lines=8",
      "smCount=2 sm.registerFile.cache=false sm.registerFile.readPorts=1 "
        + "sm.frontEnd.prefetcher.lines=4",
      "smCount=2 sm.registerFile.cache=false sm.registerFile.readPorts=2 "
        + "sm.frontEnd.prefetcher.lines=8",
    ]
    #expect(overrides == expected)
  }

  @Test(arguments: [
    ("ports * 2 <= depth", 4), ("not (ports == 2 and depth == 4)", 5), ("depth - 1 > 3", 2),
    ("gpu == 'a40' or ports / 2 >= 1", 3), ("trace != \"a.sass\" or depth >= 4 + 2 * 2", 2),
    ("true", 6),
  ]) func `constraints leave out points`(constraint: String, count: Int) throws {
    let points = try SweepFolder().points(
      """
      traces: [a.sass]
      parameters:
        ports: { path: sm.registerFile.readPorts, values: [1, 2] }
        depth: { path: sm.frontEnd.prefetcher.lines, values: [1, 4, 8] }
      constraints: [\(SweepFolder.quoted(constraint))]
      """)
    #expect(points.count == count)
  }

  @Test func `a pattern stands for the files that match it, in order`() throws {
    #expect(
      try SweepFolder().points("traces: ['./?.sass']\n").map(\.trace) == ["./a.sass", "./b.sass"])
  }

  @Test func `points read back as they were written`() throws {
    let folder = try SweepFolder()
    let list = try PointList(
      folder.spec("traces: [a.sass]\nkernels: 1\nmaxCycles: 5000\nparameters: { smCount: [1, 2] }")
    ) { _ in }
    try list.data().write(to: URL(fileURLWithPath: folder.path("points.jsonl")))
    #expect(try PointList(file: folder.path("points.jsonl")).points == list.points)
    #expect(list.points[0].kernels == "1" && list.points[0].maximumCycles == 5000)
  }

  @Test func `a point's digest changes with all that its result depends on, and with nothing else`()
    throws
  {
    let folder = try SweepFolder()
    let text = "traces: [a.sass]\nset: { smCount: 1 }\n"
    let plain = try #require(try folder.points(text).first)
    // 1 is what the description has: the same machine by another path.
    let same = try #require(
      try folder.points(text + "parameters: { sm.registerFile.readPorts: [1] }\n").first)
    #expect(same.id == plain.id && same.parameters != plain.parameters)
    for other in [
      "kernels: 1\n", "maxCycles: 9\n", "parameters: { sm.registerFile.readPorts: [2] }\n",
    ] { #expect(try folder.points(text + other).first?.id != plain.id) }
    try folder.write("a.sass", "NOP\nNOP\n")
    #expect(try folder.points(text).first?.id != plain.id)
  }

  @Test(arguments: [
    ("gpus: [a40]\n", "1: the sweep has no 'traces'"),
    ("traces: [a.sass]\nparametres: {}\n", "2: unknown key 'parametres'; did you mean parameters?"),
    ("traces: [a.sass]\n\nparameters:\n  smCount: 3\n", "4: must be a list"),
    ("traces:\n  - a.sass\n  - none.sass\n", "3: "), ("traces: []\n", "1: names no trace"),
    ("traces:\n  - x*.sass\n", "2: no file matches 'x*.sass'"),
    ("traces: ['-']\n", "1: a sweep reads its traces many times; '-' can be read once"),
    ("traces: [a.sass]\ngpus:\n  - rtx-a600\n", "3: unknown GPU 'rtx-a600'; did you mean"),
    (
      "traces: [a.sass]\nparameters:\n  sm.warpz: [1]\n", "3: unknown name 'sm.warpz'; did you mean"
    ),
    ("traces: [a.sass]\nparameters:\n  smCount: [1, x]\n", "3: smCount must be a whole number"),
    ("traces: [a.sass]\nset:\n  smCont: 1\n", "3: unknown name 'smCont'"),
    ("traces: [a.sass]\nset: [smCount]\n", "2: 'smCount': write PATH=VALUE"),
    ("traces: [a.sass]\nvariants:\n  a: {}\n  b: [smCont=1]\n", "4: unknown name 'smCont'"),
    ("traces: [a.sass]\nparameters:\n  smCount: [1, 1]\n", "3: smCount has a value twice"),
    (
      "traces: [a.sass]\nparameters:\n  cycles: { path: smCount, values: [1] }\n",
      "3: 'cycles' is the name of another column"
    ),
    (
      "traces: [a.sass]\nparameters:\n  a: { path: smCount, values: [1] }\n  smCount: [2]\n",
      "4: 'smCount' is swept twice"
    ),
    (
      "traces: [a.sass]\nzip:\n  - smCount: [1, 2]\n    sm.warps: [8]\n",
      "4: sm.warps has 1 values and smCount has 2"
    ),
    (
      "traces: [a.sass]\nparameters: { smCount: { from: 2, to: 1 } }\n",
      "2: smCount: write a list, values: […], or from: and to:"
    ),
    (
      "traces: [a.sass]\nparameters: { smCount: { from: 1, to: 2, step: 0 } }\n",
      "2: smCount: step must be greater than 0"
    ),
    (
      "traces: [a.sass]\nparameters: { smCount: { from: 1, to: 1e9 } }\n",
      "2: smCount: more than 100000 values"
    ),
    (
      "traces: [a.sass]\nparameters:\n  p: { path: smCount, from: 1, to: 80 }\n"
        + "  q: { path: sm.warps, from: 1, to: 90000 }\n  r: { path: sm.x, from: 1, to: 9 }\n",
      "has more than 1000000 points"
    ),
    (
      "traces: [a.sass]\nparameters: { smCount: [1] }\nconstraints:\n  - smCont > 1\n",
      "4: constraint 'smCont > 1': 'smCont' is no parameter of this sweep; did you mean smCount?"
    ),
    (
      "traces: [a.sass]\nparameters: { smCount: [1] }\nconstraints: [smCount > gpu]\n",
      "3: constraint 'smCount > gpu': '>' needs numbers on both sides"
    ),
    (
      "traces: [a.sass]\nparameters: { smCount: [1] }\nconstraints: [smCount > 1]\n",
      " the constraints leave no point"
    ),
    ("traces: [a.sass]\nkernels: 0\n", "2: kernels: '0' is no number or range from 1"),
    ("traces: [a.sass]\nmaxCycles: -1\n", "2: maxCycles: '-1' is no positive number of cycles"),
    ("traces: [a.sass]\nslurm: { nodes: 3 }\n", "2: unknown key 'nodes'"),
    ("traces: [a.sass]\nslurm: { time: \"1 #\" }\n", "2: time: one word is needed"),
    ("traces: [a.sass\n", "2: "),
  ]) func `a mistake is told with its line`(text: String, message: String) throws {
    let error = try #require(try SweepFolder().error(text))
    #expect(error.contains(message))
  }

  @Test(arguments: ["(", "1 +", "a b", "1 1", "'x", "not", "1 < 2 < 3", "p ~ 1", "p and 1", "1e"])
  func `a constraint that makes no sense is an error`(text: String) throws {
    let error = try SweepFolder().error(
      """
      traces: [a.sass]
      parameters: { p: { path: smCount, values: [1] } }
      constraints: [\(SweepFolder.quoted(text))]
      """)
    #expect(try #require(error).hasPrefix("3: constraint "))
  }

  @Test func `deep and long constraints are refused, not recursed into`() throws {
    for text in [
      String(repeating: "(", count: 500) + "1", String(repeating: "1+", count: 5000) + "1 > 0",
    ] {
      let error = try SweepFolder().error("traces: [a.sass]\nconstraints: ['\(text)']\n")
      #expect(try #require(error).hasPrefix("2: constraint "))
    }
  }
}
