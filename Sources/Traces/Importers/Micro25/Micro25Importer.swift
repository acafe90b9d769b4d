import Foundation
import ISA
import SwiftProtobuf

/// Reads the MICRO 2025 simulator's traces: what was launched, one file per CTA, and static code
/// with control bits.
struct Micro25Importer {
  private let path: String
  private let folder: URL

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
    guard size <= 1 << 28 else { throw TraceError(file, "is larger than \(1 << 28) bytes") }
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
    var launch = KernelLaunch(
      name: kernel.name, grid: try size(kernel.gridDim, "grid"),
      block: try size(kernel.blockDim, "block"),
      architecture: Architecture(max(0, min(version, 1000))))
    guard launch.block.count <= 1024 else {
      throw TraceError(path, "has a block of \(launch.block.count) threads")
    }
    launch.registers = Int(max(0, min(kernel.numberOfRegisters, 1024)))
    launch.staticShared = Int(max(0, min(kernel.sizeSharedMemory, 1 << 24)))
    launch.stream = UInt64(bitPattern: stream)
    launch.sharedWindow = UInt64(bitPattern: kernel.sharedMemoryBaseAddress)
    launch.localWindow = UInt64(bitPattern: kernel.localMemoryBaseAddress)
    var image = Micro25Image(code, entry: Int(kernel.functionUniqueID), file: path)
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
          let cta = try self.cta(file, launch, &image)
          report.ctas += 1
          report.warpInstructions += cta.instructions.count
          report.bytesRead += fileSize(file)
          progress(report.bytesRead)
          try sink.append(cta)
        }
      }
    }
    let missing = image.functionsWithoutControl
    let warnings =
      missing.isEmpty
      ? [] : ["no control bits were captured for: " + missing.joined(separator: ", ")]
    try sink.endKernel(code: image.instructions, warnings: warnings + image.unknownOpcodes)
    report.warnings += image.unknownOpcodes
    report.kernels += 1
  }

  private func size(_ dimensions: DynamicTrace_dim3d, _ what: String) throws -> Dim3 {
    guard dimensions.x > 0, dimensions.y > 0, dimensions.z > 0 else {
      throw TraceError(path, "has an empty \(what)")
    }
    return Dim3(UInt32(dimensions.x), UInt32(dimensions.y), UInt32(dimensions.z))
  }

  private func cta(_ file: String, _ launch: KernelLaunch, _ image: inout Micro25Image) throws
    -> CTATrace
  {
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
    let position = block.blockID
    return builder.finish(
      x: UInt32(clamping: position.x), y: UInt32(clamping: position.y),
      z: UInt32(clamping: position.z))
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

/// A kernel's code image: its functions one behind the other, each at a 128-byte boundary.
struct Micro25Image {
  private(set) var instructions: [StaticInstruction] = []
  private(set) var functionsWithoutControl: [String] = []
  private var indices: [Int: [UInt32: Int]] = [:]
  private var calls: Set<Int> = []
  private let code: Micro25Static
  private let file: String

  init(_ code: Micro25Static, entry: Int, file: String) {
    self.code = code
    self.file = file
    _ = try? add(entry)
  }

  /// Place of `pc` of a function in the image; functions join it when first called.
  mutating func index(function: Int, pc: UInt32) throws -> Int? {
    if indices[function] == nil { try add(function) }
    return indices[function]?[pc]
  }

  /// Calls carry target addresses, which are not memory accesses.
  func isCall(_ index: Int) -> Bool { calls.contains(index) }

  var unknownOpcodes: [String] {
    let names = Set(
      instructions.map { InstructionDecoder.mnemonic(of: $0.text) }.filter {
        OpcodeTable.index(of: $0) == nil
      })
    return names.isEmpty
      ? []
      : ["unknown opcodes, classified conservatively: " + names.sorted().joined(separator: ", ")]
  }

  private mutating func add(_ id: Int) throws {
    guard let function = code.kernels.first(where: { $0.unique_function_id == id }) else {
      throw TraceError(file, "calls function \(id), which the static code lacks")
    }
    let last = instructions.map(\.pc).max().map { $0 &+ 16 } ?? 0
    let base = (last + 127) / 128 * 128
    var places: [UInt32: Int] = [:]
    for entry in function.instructions {
      guard let pc = UInt32(entry.pc_string_hex, radix: 16), pc < 1 << 26 else {
        throw TraceError(file, "has a static pc '\(entry.pc_string_hex)' that cannot be read")
      }
      let control = function.is_captured_from_binary ? entry.control : nil
      if ["CALL", "RET", "BRX", "JMX"].contains(InstructionDecoder.mnemonic(of: entry.text)) {
        calls.insert(instructions.count)
      }
      places[pc] = instructions.count
      instructions.append(
        StaticInstruction(
          pc: base + pc, text: entry.text, control: control,
          encoding: function.is_captured_from_binary ? entry.encoding : nil))
    }
    if !function.is_captured_from_binary { functionsWithoutControl.append(function.kernel_name) }
    indices[id] = places
  }
}
