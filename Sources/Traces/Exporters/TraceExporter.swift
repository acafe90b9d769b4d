import ISA

/// A format that another tool reads.
public enum ExportFormat: Hashable, Sendable {
  /// Accel-Sim's text traces of tracer version 5, plain or compressed with xz.
  case accelSim(isCompressed: Bool)
  /// The MICRO 2025 simulator's protobuf traces.
  case micro25
}

/// What an export wrote.
public struct ExportReport: Sendable {
  /// Launches.
  public var kernels = 0
  public var ctas = 0
  public var warpInstructions = 0
  public var files = 0
  /// Bytes written, before compression.
  public var bytes = 0
  /// What the format could not hold.
  public var warnings: [String] = []
}

/// Warnings about launches; what holds for many is said once.
struct ExportWarnings {
  private var order: [String] = []
  private var places: [String: (first: String, count: Int)] = [:]

  /// Notes what was lost of the launch that `place` names.
  mutating func add(_ texts: [String], _ place: String) {
    for text in texts {
      if places[text] == nil { order.append(text) }
      places[text, default: (place, 0)].count += 1
    }
  }

  var texts: [String] {
    order.compactMap { text in
      places[text].map { place in
        let others = place.count - 1
        let more = others == 0 ? "" : " and \(others) \(others == 1 ? "other" : "others")"
        return "\(place.first)\(more): \(text)"
      }
    }
  }
}

/// Writes containers as other tools' traces; Docs/exporting.md says what is lost.
public enum TraceExporter {
  /// Writes the program of `reader` into a new folder. The folder is called `….partial` until it is
  /// whole; after an error nothing of it is left. One CTA is held at a time. `progress` gets the
  /// CTAs done and their total.
  public static func export(
    _ reader: TraceReader, as format: ExportFormat, to folder: String,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> ExportReport {
    let launches = try Launch.all(of: reader)
    let output = try ExportFolder(path: folder)
    do {
      var report: ExportReport
      switch format {
      case .accelSim(let isCompressed):
        var exporter = AccelSimExporter(reader, output, isCompressed: isCompressed)
        report = try exporter.export(launches, progress)
      case .micro25:
        var exporter = Micro25Exporter(reader, output)
        report = try exporter.export(launches, progress)
      }
      try output.finish()
      report.files = output.files
      report.bytes = output.bytes
      return report
    } catch {
      output.cancel()
      throw error
    }
  }

  /// A kernel launch of the program, with the copies that come before it.
  struct Launch {
    /// Launches are counted from 1.
    let number: Int
    /// Position among the reader's kernels.
    let kernel: Int
    var copies: [MemoryCopy] = []
    /// Copies behind the last launch.
    var copiesAfter: [MemoryCopy] = []

    /// The program's launches, in order; all are such as a GPU could execute.
    static func all(of reader: TraceReader) throws -> [Launch] {
      var launches: [Launch] = []
      var copies: [MemoryCopy] = []
      for command in reader.commands {
        switch command {
        case .copy(let copy): copies.append(copy)
        case .kernel(let index):
          launches.append(Launch(number: launches.count + 1, kernel: index, copies: copies))
          copies = []
        }
      }
      guard !launches.isEmpty else { throw TraceError(reader.path, "launches no kernel") }
      launches[launches.count - 1].copiesAfter = copies
      for launch in launches { try launch.check(reader) }
      return launches
    }

    private func check(_ reader: TraceReader) throws {
      let kernel = reader.kernels[kernel]
      func refuse(_ why: String) -> TraceError {
        TraceError(reader.path, "\(name(kernel)): \(why)")
      }
      let launch = kernel.launch
      guard launch.grid.count > 0, launch.block.count > 0 else {
        throw refuse("its grid or block is empty")
      }
      guard launch.block.count <= 1024 else {
        throw refuse("a block of \(launch.block.count) threads is not possible")
      }
      guard launch.architecture.number > 0 else { throw refuse("its architecture is not known") }
      guard launch.staticShared + launch.dynamicShared <= 1 << 24 else {
        throw refuse("it has too much shared memory")
      }
      guard kernel.ctaCount > 0 else { throw refuse("the trace holds no CTA of it") }
    }

    /// How messages speak of the launch.
    func name(_ kernel: TraceKernel) -> String { "kernel \(number) (\(kernel.launch.name))" }
  }
}

extension TraceKernel {
  /// Refuses a CTA that does not fit the launch; `place` names the kernel.
  func check(_ cta: CTATrace, _ place: String, in file: String) throws {
    let position = Dim3(cta.x, cta.y, cta.z)
    guard cta.x < launch.grid.x, cta.y < launch.grid.y, cta.z < launch.grid.z else {
      throw TraceError(file, "\(place): CTA \(position) lies outside the grid \(launch.grid)")
    }
    guard cta.warpCount <= launch.warpsPerCTA else {
      throw TraceError(
        file,
        "\(place): CTA \(position) has \(cta.warpCount) warps, but its block \(launch.warpsPerCTA)")
    }
  }
}

extension MemoryCopy {
  /// The copy as Accel-Sim's list of commands and the MICRO 2025 events write it; nil for kinds
  /// that they do not have.
  var exportedText: String? {
    let digits = String(address, radix: 16)
    let fields = ",0x" + String(repeating: "0", count: 16 - digits.count) + digits + ",\(bytes)"
    switch direction {
    case .hostToDevice: return "MemcpyHtoD" + fields
    case .deviceToHost: return "MemcpyDtoH" + fields
    case .deviceToDevice, .memset: return nil
    }
  }

  /// A warning about the copies that have no text, if there are any.
  static func warning(about copies: [MemoryCopy]) -> String? {
    let count = copies.count { $0.exportedText == nil }
    return count > 0
      ? "\(count) copies within the device or memsets are left out: the format has none" : nil
  }
}
