import Foundation
import ISA
import SwiftProtobuf

/// Writes the MICRO 2025 simulator's traces: what is launched, one file for each CTA, and the
/// static code with its control bits.
struct Micro25Exporter {
  private let reader: TraceReader
  private let folder: ExportFolder
  private var report = ExportReport()
  private var warnings = ExportWarnings()
  private var code: Micro25CodeWriter

  init(_ reader: TraceReader, _ folder: ExportFolder) {
    self.reader = reader
    self.folder = folder
    code = Micro25CodeWriter(source: reader.path)
  }

  mutating func export(
    _ launches: [TraceExporter.Launch], _ progress: (Int, Int) -> Void
  ) throws -> ExportReport {
    let total = launches.reduce(0) { $0 + reader.kernels[$1.kernel].ctaCount }
    let keepsStreams = keepsStreams(launches)
    var streams: [Int64: DynamicTrace_cuda_stream] = [:]
    for launch in launches {
      let handle = reader.kernels[launch.kernel].launch.stream
      let number = keepsStreams ? Int64(bitPattern: handle) : 0
      var stream = streams[number] ?? .with { $0.id = number }
      stream.orderedCudaEvents += launch.copies.compactMap(\.exportedText)
      stream.kernels.append(
        try write(launch, stream: number, id: stream.kernels.count + 1) { progress($0, total) })
      stream.orderedCudaEvents.append("kernel-\(stream.kernels.count).trace")
      stream.orderedCudaEvents += launch.copiesAfter.compactMap(\.exportedText)
      streams[number] = stream
    }
    report.warnings = warnings.texts
    if !keepsStreams {
      report.warnings.append(
        "all kernels are put in stream 0: the format keeps no order of streams")
    }
    let copies = launches.flatMap { $0.copies + $0.copiesAfter }
    if let warning = MemoryCopy.warning(about: copies) { report.warnings.append(warning) }
    try folder.makeFolder("extra_info")
    try code.write(to: folder, "extra_info/enhanced_execution_info.json", benchmark: name)
    try write(trace(streams, launches), to: "dynamic_trace.pb")
    return report
  }

  /// Readers walk one stream after the other, by number: streams are kept where that leaves the
  /// launches in their order.
  private func keepsStreams(_ launches: [TraceExporter.Launch]) -> Bool {
    let handles = launches.map { Int64(bitPattern: reader.kernels[$0.kernel].launch.stream) }
    return zip(handles, handles.dropFirst()).allSatisfy { $0 <= $1 }
  }

  /// The program's name is that of the folder.
  private var name: String { URL(fileURLWithPath: folder.path).lastPathComponent }

  private func trace(
    _ streams: [Int64: DynamicTrace_cuda_stream], _ launches: [TraceExporter.Launch]
  ) throws -> DynamicTrace_Trace {
    let architectures = Set(launches.map { reader.kernels[$0.kernel].launch.architecture })
    guard let architecture = architectures.min(), architectures.count == 1 else {
      let list = architectures.sorted().map(\.description).joined(separator: ", ")
      throw TraceError(
        reader.path, "holds code of several architectures (\(list)); the format has one for all")
    }
    return .with {
      $0.name = name
      $0.binaryVersion = Int32(architecture.number)
      $0.nvbitVersion = "none, exported by needletail"
      $0.accelsimVersion = 4
      $0.gpuDevice = [0: .with { $0.streams = streams }]
    }
  }

  private func write(_ message: some SwiftProtobuf.Message, to name: String) throws {
    var options = BinaryEncodingOptions()
    options.useDeterministicOrdering = true
    let bytes: [UInt8]
    do { bytes = try message.serializedBytes(options: options) } catch {
      throw TraceError(folder.path + "/" + name, "is too large for one message")
    }
    guard bytes.count <= Micro25Importer.messageLimit else {
      throw TraceError(folder.path + "/" + name, "is too large for one message")
    }
    try folder.write(bytes, to: name)
  }

  // MARK: Kernels

  /// Writes a launch's CTAs; returns what is launched.
  private mutating func write(
    _ launch: TraceExporter.Launch, stream: Int64, id: Int, _ progress: (Int) -> Void
  ) throws -> DynamicTrace_kernel {
    let kernel = reader.kernels[launch.kernel]
    let place = launch.name(kernel)
    guard kernel.ctaCount == kernel.launch.grid.count else {
      throw TraceError(
        reader.path,
        "\(place): the trace holds \(kernel.ctaCount) CTAs of a grid of "
          + "\(kernel.launch.grid.count); the format wants all")
    }
    let function = try code.add(kernel, place)
    let message = try self.message(kernel.launch, id: id, function: function, place)
    let name = "threadblocks/device_0/stream_\(stream)/kernel_\(id)"
    try folder.makeFolder(name)
    var writer = Micro25BlockWriter(kernel, function: function)
    var isInOrder = true
    for index in 0..<kernel.ctaCount {
      let cta = try reader.cta(kernel: launch.kernel, index: index)
      try kernel.check(cta, place, in: reader.path)
      isInOrder = isInOrder && kernel.launch.place(of: cta) == index
      let file = "\(name)/d_0_s_\(stream)_k_\(id)_\(cta.x),\(cta.y),\(cta.z).pb"
      guard !folder.holds(file) else {
        throw TraceError(
          reader.path, "\(place): the trace holds CTA (\(cta.x),\(cta.y),\(cta.z)) twice")
      }
      try write(writer.message(cta), to: file)
      report.ctas += 1
      report.warpInstructions += cta.instructions.count
      progress(report.ctas)
    }
    report.kernels += 1
    var warnings = Micro25CodeWriter.warnings(kernel) + writer.warnings
    if !isInOrder {
      warnings.append("the CTAs' order of launch is lost: the format has x, then y, then z")
    }
    if kernel.launch.cluster.count > 1 { warnings.append("clusters are left out") }
    self.warnings.add(warnings, place)
    return message
  }

  private func message(
    _ launch: KernelLaunch, id: Int, function: Int32, _ place: String
  ) throws -> DynamicTrace_kernel {
    func size(_ dimensions: Dim3) throws -> DynamicTrace_dim3d {
      guard let x = Int32(exactly: dimensions.x), let y = Int32(exactly: dimensions.y),
        let z = Int32(exactly: dimensions.z)
      else { throw TraceError(reader.path, "\(place): its grid is too large for the format") }
      return .with {
        $0.x = x
        $0.y = y
        $0.z = z
      }
    }
    var message = DynamicTrace_kernel()
    message.id = Int32(clamping: id)
    message.name = launch.name
    message.functionUniqueID = function
    message.sizeSharedMemory = Int32(clamping: launch.staticShared + launch.dynamicShared)
    message.numberOfRegisters = Int32(clamping: launch.registers)
    message.sharedMemoryBaseAddress = Int64(bitPattern: launch.sharedWindow)
    message.localMemoryBaseAddress = Int64(bitPattern: launch.localWindow)
    message.gridDim = try size(launch.grid)
    message.blockDim = try size(launch.block)
    return message
  }
}

extension KernelLaunch {
  /// Position of a CTA of the grid when x runs fastest, then y.
  fileprivate func place(of cta: CTATrace) -> Int {
    (Int(cta.z) * Int(grid.y) + Int(cta.y)) * Int(grid.x) + Int(cta.x)
  }
}
