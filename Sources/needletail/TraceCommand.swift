import ArgumentParser
import Foundation
import ISA
import Reports
import Simulation
import Traces

/// `needletail trace …`: look at, check and make containers.
struct TraceCommandGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Look at traces, check them, import, export and record them.",
    subcommands: [
      Info.self, Dump.self, Verify.self, Import.self, ExportCommand.self, RecordCommand.self,
    ])

  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "info", abstract: "What a container holds.")

    @Argument(help: "An .ntrace container.") var trace: String
    @Option(help: ArgumentHelp("Write as JSON; - for standard output.", valueName: "file"))
    var json: String?

    private struct Kernel: Encodable {
      let id: Int
      let name: String
      let architecture: Int
      let grid, block: [UInt32]
      let registers, sharedBytes, ctas, warpInstructions, staticInstructions, bytes: Int
      let controlBits: Bool
      let warnings: [String]
    }

    private struct Summary: Encodable {
      let trace, origin: String
      let bytes, copies: Int
      let kernels: [Kernel]
    }

    func run() throws {
      let reader = try TraceReader(path: trace)
      let kernels = reader.kernels.enumerated().map { number, kernel in
        let launch = kernel.launch
        return Kernel(
          id: number + 1, name: launch.name, architecture: launch.architecture.number,
          grid: [launch.grid.x, launch.grid.y, launch.grid.z],
          block: [launch.block.x, launch.block.y, launch.block.z],
          registers: launch.registers, sharedBytes: launch.staticShared + launch.dynamicShared,
          ctas: kernel.ctaCount,
          warpInstructions: kernel.warpInstructions, staticInstructions: kernel.code.count,
          bytes: kernel.compressedBytes,
          controlBits: kernel.code.contains { $0.control != nil }, warnings: kernel.warnings)
      }
      let copies = reader.commands.filter { if case .copy = $0 { true } else { false } }.count
      if let json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        var data = try encoder.encode(
          Summary(
            trace: trace, origin: reader.origin, bytes: reader.fileSize, copies: copies,
            kernels: kernels))
        data.append(10)
        try Output.write(data, to: json)
        return
      }
      var table = TextTable([
        "kernel", "name", "arch", "grid", "block", "registers", "shared", "CTAs", "warp instr.",
        "static", "bytes", "control bits",
      ])
      for kernel in kernels {
        table.add([
          String(kernel.id), kernel.name, "sm_\(kernel.architecture)",
          reader.kernels[kernel.id - 1].launch.grid.description,
          reader.kernels[kernel.id - 1].launch.block.description, String(kernel.registers),
          String(kernel.sharedBytes),
          String(kernel.ctas), grouped(Int64(kernel.warpInstructions)),
          String(kernel.staticInstructions),
          grouped(Int64(kernel.bytes)), kernel.controlBits ? "yes" : "no",
        ])
      }
      try Output.write(
        table.text
          + "\(trace): \(grouped(Int64(reader.fileSize))) bytes, \(copies) copies, \(reader.origin)\n"
      )
    }
  }

  struct Dump: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "dump", abstract: "Executed instructions as text.")

    @Argument(help: "An .ntrace container.") var trace: String
    @Option(help: "Launch, counted from 1.") var kernel = 1
    @Option(help: "Only the CTA at X,Y,Z.") var cta: String?
    @Option(help: "Only this warp of each CTA.") var warp: Int?
    @Option(help: "Lines at most.") var limit = 1000

    func run() throws {
      var wanted: Dim3?
      if let cta {
        let numbers = cta.split(separator: ",").compactMap { UInt32($0) }
        guard numbers.count == 3 else { throw ValidationError("--cta takes X,Y,Z") }
        wanted = Dim3(numbers[0], numbers[1], numbers[2])
      }
      var left = limit
      var block = ""
      try TraceDump(try TraceReader(path: trace)).lines(kernel: kernel - 1, cta: wanted, warp: warp)
      { line in
        guard left > 0 else { return false }
        left -= 1
        block += line + "\n"
        if block.utf8.count > 1 << 16 {
          try Output.write(block)
          block = ""
        }
        return true
      }
      try Output.write(block)
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Check a container thoroughly.")

    @Argument(help: "An .ntrace container.") var trace: String

    func run() throws {
      let meter = ProgressMeter(quiet: false)
      let reader = try TraceReader(path: trace)
      let problems = try TraceVerifier(reader).problems { done, total in
        meter.show("\(trace): \(done) of \(total) CTAs")
      }
      meter.clear()
      if problems.isEmpty {
        let count = reader.kernels.reduce(0) { $0 + $1.warpInstructions }
        try Output.write(
          "\(trace): sound; \(reader.kernels.count) kernels, \(grouped(Int64(count))) warp instructions\n"
        )
        return
      }
      for problem in problems { ExitStatus.write("needletail: error: \(trace): \(problem)\n") }
      throw ExitCode(ExitStatus.badData)
    }
  }

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import",
      abstract: "Make a container from another tool's trace or from a listing.")

    @Argument(help: "kernelslist.g, a .traceg file, dynamic_trace.pb or a listing.") var source:
      String
    @Option(name: .shortAndLong, help: "The container to write.") var output: String

    func run() throws {
      let meter = ProgressMeter(quiet: false)
      let begin = Date()
      var writer = try TraceWriter(path: output, origin: "imported from \(source)")
      let report: ImportReport
      do {
        report = try TraceImporter.importTrace(from: source, into: &writer) { bytes in
          meter.show("\(source): \(grouped(Int64(bytes))) bytes read")
        }
        try writer.finish()
      } catch {
        writer.cancel()
        meter.clear()
        throw error
      }
      meter.clear()
      for warning in report.warnings { ExitStatus.write("needletail: warning: \(warning)\n") }
      let seconds = Date().timeIntervalSince(begin)
      let size = (try? FileManager.default.attributesOfItem(atPath: output)[.size] as? Int) ?? 0
      let rate = Double(report.bytesRead) / 1e6 / max(seconds, 1e-9)
      try Output.write(
        "\(output): \(report.kernels) kernels, \(grouped(Int64(report.ctas))) CTAs, "
          + "\(grouped(Int64(report.warpInstructions))) warp instructions; \(grouped(Int64(report.bytesRead))) bytes in, "
          + "\(grouped(Int64(size))) bytes out, \(decimal(rate, 1)) MB/s\n")
    }
  }
}
