import ISA
import Machine
import Simulation

/// Instructions on their way through the pipeline, as Konata shows them (Kanata log format 0004).
///
/// Stages: F fetch, B instruction buffer, I issue and Control, A Allocate, X execution; Q memory
/// queue, M memory.
public struct KanataWriter {
  private let program: any TraceProgram
  private var labels: [Int32: [Label]] = [:]
  /// Instructions so far: Konata wants numbers in the order in which they appear.
  private var count = 0
  private var threads: [Owner: Int] = [:]
  /// Lines that are not written, by cycle.
  private var lines: [Int64: [UInt8]] = [:]
  private var heldBytes = 0
  /// Cycle of the last line that was written.
  private var now: Int64?

  private struct Owner: Hashable {
    let sm: Int32
    let warp: Int32
    let cta: Int64
  }

  /// What a row says of its static instruction.
  private struct Label {
    let text: String
    let control: String?

    init(_ instruction: StaticInstruction) {
      text =
        "0x\(String(instruction.pc, radix: 16)) " + instruction.text.replacing("\t", with: " ")
      control = instruction.control?.notation
    }
  }

  /// A stage and when it begins; the last one ends with the instruction.
  private struct Stage {
    let name: String
    let start: Int64
  }

  private init(_ program: any TraceProgram) { self.program = program }

  /// Writes a run's pipeline view, which `take` gets in pieces. Throws what reading the view and
  /// `take` throw.
  public static func write(
    _ pipeline: EventLog<PipelineEvent>, program: any TraceProgram,
    to take: ([UInt8]) throws -> Void
  ) throws {
    var writer = KanataWriter(program)
    try take(Array("Kanata\t0004\n".utf8))
    var most = pieceSize
    try pipeline.forEach { event in
      if writer.heldBytes >= most {
        // Nothing that comes now appears before this event.
        try writer.flush(before: event.fetched, to: take)
        most = max(pieceSize, 2 * writer.heldBytes)
      }
      writer.add(event)
    }
    try writer.flush(before: .max, to: take)
    if writer.now == nil { try take(Array("C=\t0\n".utf8)) }
  }

  private static let pieceSize = 1 << 22

  private mutating func add(_ event: PipelineEvent) {
    let labels = self.labels[event.kernel] ?? program.code(Int(event.kernel)).map(Label.init)
    self.labels[event.kernel] = labels
    let owner = Owner(sm: event.sm, warp: event.warp, cta: event.cta)
    let thread = threads[owner] ?? threads.count
    threads[owner] = thread
    let label = labels[Int(event.instruction)]
    let stages = stages(event)
    let end = max(event.done, (stages.last?.start ?? event.issued) + 1)
    let begin = stages[0].start
    add(begin, "I\t\(count)\t\(count)\t\(thread)")
    add(
      begin,
      "L\t\(count)\t0\tSM \(event.sm) CTA \(event.cta) warp \(event.warp) \(label.text)")
    if let control = label.control { add(begin, "L\t\(count)\t1\t\(control)") }
    for (index, stage) in stages.enumerated() {
      add(stage.start, "S\t\(count)\t0\t\(stage.name)")
      let next = index + 1 < stages.count ? stages[index + 1].start : end
      add(next, "E\t\(count)\t0\t\(stage.name)")
    }
    add(end, "R\t\(count)\t\(count)\t0")
    count += 1
  }

  /// Stages that last a cycle at least, in order.
  private func stages(_ event: PipelineEvent) -> [Stage] {
    var stages = [
      Stage(name: "F", start: max(0, event.fetched)), Stage(name: "B", start: event.decoded),
      Stage(name: "I", start: event.issued),
    ]
    if event.dispatched >= 0 {
      stages.append(Stage(name: event.isMemory ? "Q" : "A", start: event.dispatched))
    }
    if event.started >= 0 {
      stages.append(Stage(name: event.isMemory ? "M" : "X", start: event.started))
    }
    let ends = stages.dropFirst().map(\.start) + [Int64.max]
    return zip(stages, ends).filter { $0.start < $1 }.map(\.0)
  }

  // MARK: Lines

  /// Adds a line behind those of its cycle.
  private mutating func add(_ cycle: Int64, _ line: String) {
    heldBytes += line.utf8.count + 1
    Self.append(line, to: &lines[cycle, default: []])
  }

  private static func append(_ line: String, to text: inout [UInt8]) {
    text += line.utf8
    text.append(UInt8(ascii: "\n"))
  }

  /// Writes the lines of all cycles before `end`.
  private mutating func flush(
    before end: Int64, to take: ([UInt8]) throws -> Void
  ) throws {
    for cycle in lines.keys.filter({ $0 < end }).sorted() {
      if let now {
        if cycle > now { try take(Array("C\t\(cycle - now)\n".utf8)) }
      } else {
        try take(Array("C=\t\(cycle)\n".utf8))
      }
      now = cycle
      guard let text = lines.removeValue(forKey: cycle) else { continue }
      heldBytes -= text.count
      try take(text)
    }
  }
}
