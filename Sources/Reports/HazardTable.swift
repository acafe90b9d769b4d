import Machine
import Simulation

/// Reads that come before their results, with the text of both instructions.
public struct HazardTable {
  public let text: String
  public let count: Int

  public init(_ result: RunResult, program: any TraceProgram) {
    var lines: [String] = []
    var total = 0
    let launches = program.commands.compactMap { command in
      if case .kernel(let index) = command { index } else { nil }
    }
    for kernel in result.kernels where kernel.id >= 1 && kernel.id <= launches.count {
      let code = program.code(launches[kernel.id - 1])
      for hazard in kernel.hazards {
        total += 1
        let producer = code[hazard.producer]
        let consumer = code[hazard.consumer]
        let why =
          hazard.needed == 0
          ? "does not wait for" : "issues \(hazard.distance) cycles after, needs \(hazard.needed):"
        lines.append(
          "kernel \(kernel.id), \(hazard.count) times: 0x\(String(consumer.pc, radix: 16)) "
            + "\(consumer.text) \(why) 0x\(String(producer.pc, radix: 16)) \(producer.text)")
      }
    }
    count = total
    text = lines.map { $0 + "\n" }.joined()
  }
}
