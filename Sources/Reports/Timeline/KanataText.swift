import ISA
import Machine
import Simulation

/// Instructions on their way through the pipeline, as Konata shows them (Kanata log format 0004).
///
/// Stages: F fetch, B instruction buffer, I issue and Control, A Allocate, X execution; Q memory
/// queue, M memory.
public struct KanataText {
  private let result: RunResult
  private let program: any TraceProgram

  public init(_ result: RunResult, program: any TraceProgram) {
    self.result = result
    self.program = program
  }

  /// A stage and when it begins; the last one ends with the instruction.
  private struct Stage {
    let name: String
    let start: Int64
  }

  private struct Line {
    let cycle: Int64
    let text: String
  }

  public var text: String {
    var lines: [Line] = []
    var threads: [String: Int] = [:]
    var codes: [Int32: [StaticInstruction]] = [:]
    // Konata wants numbers in the order in which instructions appear.
    let events = result.pipeline.indices.sorted {
      (result.pipeline[$0].fetched, $0) < (result.pipeline[$1].fetched, $1)
    }
    for (number, place) in events.enumerated() {
      let event = result.pipeline[place]
      let code = codes[event.kernel] ?? program.code(Int(event.kernel))
      codes[event.kernel] = code
      let owner = "SM \(event.sm) CTA \(event.cta) warp \(event.warp)"
      let thread = threads[owner] ?? threads.count
      threads[owner] = thread
      let instruction = code[Int(event.instruction)]
      let stages = stages(event)
      let end = max(event.done, (stages.last?.start ?? event.issued) + 1)
      let begin = stages[0].start
      lines.append(Line(cycle: begin, text: "I\t\(number)\t\(number)\t\(thread)"))
      lines.append(
        Line(
          cycle: begin,
          text: "L\t\(number)\t0\t\(owner) 0x\(String(instruction.pc, radix: 16)) "
            + instruction.text.replacing("\t", with: " ")))
      if let control = instruction.control {
        lines.append(Line(cycle: begin, text: "L\t\(number)\t1\t\(control.notation)"))
      }
      for (index, stage) in stages.enumerated() {
        lines.append(Line(cycle: stage.start, text: "S\t\(number)\t0\t\(stage.name)"))
        let next = index + 1 < stages.count ? stages[index + 1].start : end
        lines.append(Line(cycle: next, text: "E\t\(number)\t0\t\(stage.name)"))
      }
      lines.append(Line(cycle: end, text: "R\t\(number)\t\(number)\t0"))
    }
    return written(lines)
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

  private func written(_ lines: [Line]) -> String {
    let order = lines.indices.sorted { (lines[$0].cycle, $0) < (lines[$1].cycle, $1) }
    var text = "Kanata\t0004\n"
    var now = order.first.map { lines[$0].cycle } ?? 0
    text += "C=\t\(now)\n"
    for index in order {
      if lines[index].cycle > now {
        text += "C\t\(lines[index].cycle - now)\n"
        now = lines[index].cycle
      }
      text += lines[index].text + "\n"
    }
    return text
  }
}
