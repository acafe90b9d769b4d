import ISA

/// Writes Accel-Sim's text traces: the list of commands and one file for each launch, of tracer
/// version 5.
struct AccelSimExporter {
  private let reader: TraceReader
  private let folder: ExportFolder
  private let isCompressed: Bool
  private var report = ExportReport()
  private var warnings = ExportWarnings()

  /// Files are compressed with xz if wanted; the list is not.
  init(_ reader: TraceReader, _ folder: ExportFolder, isCompressed: Bool) {
    self.reader = reader
    self.folder = folder
    self.isCompressed = isCompressed
  }

  mutating func export(
    _ launches: [TraceExporter.Launch], _ progress: (Int, Int) -> Void
  ) throws -> ExportReport {
    let total = launches.reduce(0) { $0 + reader.kernels[$1.kernel].ctaCount }
    var commands: [String] = []
    var copies: [MemoryCopy] = []
    for launch in launches {
      let name = "kernel-\(launch.number).traceg" + (isCompressed ? ".xz" : "")
      try write(launch, to: name) { progress($0, total) }
      commands += launch.copies.compactMap(\.exportedText) + [name]
      commands += launch.copiesAfter.compactMap(\.exportedText)
      copies += launch.copies + launch.copiesAfter
    }
    report.warnings = warnings.texts
    if let warning = MemoryCopy.warning(about: copies) { report.warnings.append(warning) }
    let list = commands.map { $0 + "\n" }.joined()
    try folder.write(Array(list.utf8), to: "kernelslist.g")
    return report
  }

  private mutating func write(
    _ launch: TraceExporter.Launch, to name: String, _ progress: (Int) -> Void
  ) throws {
    let kernel = reader.kernels[launch.kernel]
    let place = launch.name(kernel)
    var writer = AccelSimKernelWriter(kernel, place: place, source: reader.path)
    let file = try folder.makeFile(name, isCompressed: isCompressed)
    try file.write(Array(try writer.header(number: launch.number).utf8))
    for index in 0..<kernel.ctaCount {
      let cta = try reader.cta(kernel: launch.kernel, index: index)
      try kernel.check(cta, place, in: reader.path)
      try writer.write(cta, to: file)
      report.ctas += 1
      report.warpInstructions += cta.instructions.count
      progress(report.ctas)
    }
    try folder.close(file)
    report.kernels += 1
    warnings.add(writer.warnings, place)
  }
}
