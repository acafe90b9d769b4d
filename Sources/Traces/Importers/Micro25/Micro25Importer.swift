import Foundation
import ISA
import SwiftProtobuf

/// Reads the MICRO 2025 simulator's traces: what was launched, one file per CTA, and static code
/// with control bits.
struct Micro25Importer {
  private let path: String
  private let folder: URL

  /// Bytes of a message at most.
  static let messageLimit = 1 << 28

  init(path: String) {
    self.path = path
    folder = URL(fileURLWithPath: path).deletingLastPathComponent()
  }

  /// Whether the bytes could be a `Trace` message: they decode, and name a device.
  static func recognises(_ bytes: [UInt8]) -> Bool {
    guard let first = bytes.first, first == 0x0a || first == 0x10 || first == 0x32 else {
      return false
    }
    if bytes.count >= 1 << 20 { return true }
    let trace = try? DynamicTrace_Trace(serializedBytes: bytes)
    return trace.map { !$0.gpuDevice.isEmpty } ?? false
  }

  func importTrace(
    into sink: inout some TraceSink, _ report: inout ImportReport, _ progress: (Int) -> Void
  ) throws {
    let trace: DynamicTrace_Trace = try message(path)
    let code = try Micro25Static.read(folder: folder)
    guard let device = trace.gpuDevice[0] ?? trace.gpuDevice.values.first else {
      throw TraceError(path, "names no device")
    }
    report.bytesRead += fileSize(path)
    for (number, stream) in device.streams.sorted(by: { $0.key < $1.key }) {
      for event in stream.orderedCudaEvents {
        if event.hasPrefix("Memcpy") {
          try copy(event, into: &sink)
        } else if event.hasPrefix("kernel-"),
          let id = Int(event.dropFirst(7).prefix { $0.isNumber })
        {
          guard stream.kernels.indices.contains(id - 1) else {
            throw TraceError(
              path, "names kernel \(id), but stream \(number) has \(stream.kernels.count)")
          }
          try kernel(
            stream.kernels[id - 1], stream: number, device: Int(device.id),
            version: Int(trace.binaryVersion), code,
            into: &sink, &report, progress)
        }
      }
    }
    guard report.kernels > 0 else { throw TraceError(path, "launches no kernel") }
  }

  private func message<Message: SwiftProtobuf.Message>(_ file: String) throws -> Message {
    let size = fileSize(file)
    guard size <= Self.messageLimit else {
      throw TraceError(file, "is larger than \(Self.messageLimit) bytes")
    }
    guard let data = FileManager.default.contents(atPath: file) else {
      throw TraceError(file, "cannot be read")
    }
    do { return try Message(serializedBytes: data) } catch {
      throw TraceError(file, "is no message of this trace format, or is damaged")
    }
  }

  private func fileSize(_ file: String) -> Int {
    (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
  }

  private func copy(_ event: String, into sink: inout some TraceSink) throws {
    let fields = event.split(separator: ",")
    guard fields.count >= 3, let address = UInt64(fields[1].replacing("0x", with: ""), radix: 16),
      let bytes = UInt64(fields[2])
    else {
      throw TraceError(path, "has a copy that cannot be read: '\(event.prefix(60))'")
    }
    let direction: MemoryCopy.Direction =
      event.hasPrefix("MemcpyHtoD") ? .hostToDevice : .deviceToHost
    try sink.memoryCopy(MemoryCopy(direction: direction, address: address, bytes: bytes))
  }

  // MARK: Kernels

  private func kernel(
    _ kernel: DynamicTrace_kernel, stream: Int64, device: Int, version: Int, _ code: Micro25Static,
    into sink: inout some TraceSink, _ report: inout ImportReport, _ progress: (Int) -> Void
  ) throws {
    let launch = try self.launch(kernel, stream, version)
    var image = try Micro25Image(
      code, entry: Int(kernel.functionUniqueID), file: Micro25Static.file(of: folder).path)
    try sink.beginKernel(launch)
    for z in 0..<launch.grid.z {
      for y in 0..<launch.grid.y {
        for x in 0..<launch.grid.x {
          let file = folder.appendingPathComponent(
            "threadblocks/device_\(device)/stream_\(stream)/kernel_\(kernel.id)/d_\(device)_s_\(stream)_k_\(kernel.id)_\(x),\(y),\(z).pb"
          ).path
          guard FileManager.default.fileExists(atPath: file) else {
            throw TraceError(file, "does not exist, but its CTA was launched")
          }
          let cta = try self.cta(file, Dim3(x, y, z), launch, &image)
          report.ctas += 1
          report.warpInstructions += cta.instructions.count
          report.bytesRead += fileSize(file)
          progress(report.bytesRead)
          try sink.append(cta)
        }
      }
    }
    try sink.endKernel(code: image.instructions, warnings: image.warnings)
    report.warnings += image.warnings.map { "\(kernel.name): \($0)" }
    report.kernels += 1
  }

  private func launch(
    _ kernel: DynamicTrace_kernel, _ stream: Int64, _ version: Int
  ) throws -> KernelLaunch {
    guard (1...1000).contains(version) else {
      throw TraceError(path, "is of binary version \(version)")
    }
    var launch = KernelLaunch(
      name: kernel.name, grid: try size(kernel.gridDim, "grid"),
      block: try size(kernel.blockDim, "block"), architecture: Architecture(version))
    guard launch.block.count <= 1024 else {
      throw TraceError(path, "has a block of \(launch.block.count) threads")
    }
    launch.registers = Int(kernel.numberOfRegisters)
    guard (0...1024).contains(launch.registers) else {
      throw TraceError(path, "has a kernel of \(launch.registers) registers")
    }
    launch.staticShared = Int(kernel.sizeSharedMemory)
    guard (0...(1 << 24)).contains(launch.staticShared) else {
      throw TraceError(path, "has a kernel of \(launch.staticShared) bytes of shared memory")
    }
    launch.stream = UInt64(bitPattern: stream)
    launch.sharedWindow = UInt64(bitPattern: kernel.sharedMemoryBaseAddress)
    launch.localWindow = UInt64(bitPattern: kernel.localMemoryBaseAddress)
    return launch
  }

  private func size(_ dimensions: DynamicTrace_dim3d, _ what: String) throws -> Dim3 {
    guard dimensions.x > 0, dimensions.y > 0, dimensions.z > 0 else {
      throw TraceError(path, "has an empty \(what)")
    }
    return Dim3(UInt32(dimensions.x), UInt32(dimensions.y), UInt32(dimensions.z))
  }

  private func cta(
    _ file: String, _ position: Dim3, _ launch: KernelLaunch, _ image: inout Micro25Image
  ) throws -> CTATrace {
    let block: DynamicTrace_threadblock = try message(file)
    var builder = CTABuilder()
    for number in 0..<launch.warpsPerCTA {
      if let warp = block.warps[Int32(number)] {
        for instruction in warp.instructions { try append(instruction, file, &builder, &image) }
      }
      builder.endWarp()
    }
    if let beyond = block.warps.keys.first(where: { $0 < 0 || Int($0) >= launch.warpsPerCTA }) {
      throw TraceError(file, "has warp \(beyond), but its block only \(launch.warpsPerCTA)")
    }
    let named = block.blockID
    guard Int64(named.x) == position.x, Int64(named.y) == position.y, Int64(named.z) == position.z
    else { throw TraceError(file, "is the CTA (\(named.x),\(named.y),\(named.z))") }
    return builder.finish(x: position.x, y: position.y, z: position.z)
  }

  private func append(
    _ instruction: DynamicTrace_instruction, _ file: String, _ builder: inout CTABuilder,
    _ image: inout Micro25Image
  ) throws {
    guard
      let index = try image.index(function: Int(instruction.functionUniqueID), pc: instruction.pc)
    else {
      throw TraceError(
        file,
        "executes pc 0x\(String(instruction.pc, radix: 16)) of function \(instruction.functionUniqueID), which the static code lacks"
      )
    }
    let mask = instruction.activeMask & instruction.predicateMask
    let first = UInt32(builder.references.count)
    var count: UInt32 = 0
    if mask != 0, !image.isCall(index) {
      for address in instruction.addresses.prefix(2) {
        builder.references.append(try reference(address, mask, file, &builder))
        count += 1
      }
    }
    builder.append(
      DynamicInstruction(
        index: UInt32(index), mask: mask, reference: count > 0 ? first : DynamicInstruction.none,
        referenceCount: count))
  }

  /// Address modes: 0 lists all, 1 base and stride, 2 base and differences.
  private func reference(
    _ address: DynamicTrace_address, _ mask: UInt32, _ file: String, _ builder: inout CTABuilder
  ) throws -> AddressReference {
    let lanes = mask.nonzeroBitCount
    let list = builder.addresses.count
    switch address.compressionFormat {
    case 0:
      guard address.addrs.count >= lanes else {
        throw TraceError(file, "lists \(address.addrs.count) addresses for \(lanes) lanes")
      }
      for lane in 0..<lanes { builder.addresses.append(UInt64(bitPattern: address.addrs[lane])) }
      return builder.simplified(list: list)
    case 1: return AddressReference(base: address.baseAddress, stride: Int64(address.stride))
    case 2:
      guard address.addrs.count >= lanes - 1 else {
        throw TraceError(file, "lists \(address.addrs.count) differences for \(lanes) lanes")
      }
      var value = address.baseAddress
      builder.addresses.append(value)
      for lane in 0..<lanes - 1 {
        value = value &+ UInt64(bitPattern: address.addrs[lane])
        builder.addresses.append(value)
      }
      return builder.simplified(list: list)
    default: throw TraceError(file, "has an address of unknown format \(address.compressionFormat)")
    }
  }
}
