import ISA

/// A command of a program, in order.
public enum TraceCommand: Hashable, Sendable {
  case copy(MemoryCopy)
  /// Launch of `TraceReader.kernels[index]`.
  case kernel(Int)
}

/// A kernel launch in a container.
public struct TraceKernel: Sendable {
  public var launch: KernelLaunch
  public var code: [StaticInstruction] = []
  public var ctaCount = 0
  public var warpInstructions = 0
  public var warnings: [String] = []
  var chunks: [ChunkPlace] = []

  /// Bytes of the kernel's dynamic streams on disk.
  public var compressedBytes: Int { chunks.reduce(0) { $0 + $1.compressedSize } }
}

/// Where a chunk lies in the file.
struct ChunkPlace: Hashable, Sendable {
  var offset: Int
  var compressedSize: Int
  var size: Int
  var firstCTA: Int
  var ctas: Int
}

/// Everything but the dynamic streams: written at the end, read first.
struct ContainerIndex {
  var origin = ""
  var commands: [TraceCommand] = []
  var kernels: [TraceKernel] = []

  static let magic: [UInt8] = Array("NTRACE\u{1a}\n".utf8)
  static let endMagic: [UInt8] = Array("NTREND\u{1a}\n".utf8)
  static let version: UInt64 = 1
  static let headerSize = 16
  static let trailerSize = 40
  /// Largest uncompressed chunk and index.
  static let sizeLimit = 1 << 28

  func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.text(origin)
    writer.number(kernels.count)
    for kernel in kernels { Self.write(kernel, to: &writer) }
    writer.number(commands.count)
    for command in commands {
      switch command {
      case .copy(let copy):
        writer.number(UInt64(copy.direction.rawValue) + 1)
        writer.number(copy.address)
        writer.number(copy.bytes)
      case .kernel(let index):
        writer.number(0)
        writer.number(index)
      }
    }
    return writer.bytes
  }

  private static func write(_ kernel: TraceKernel, to writer: inout ByteWriter) {
    let launch = kernel.launch
    writer.text(launch.name)
    for size in [launch.grid, launch.block, launch.cluster] {
      writer.number(size.x)
      writer.number(size.y)
      writer.number(size.z)
    }
    for value in [
      launch.registers, launch.staticShared, launch.dynamicShared, launch.architecture.number,
    ] {
      writer.number(max(0, value))
    }
    writer.number(launch.stream)
    writer.number(launch.sharedWindow)
    writer.number(launch.localWindow)
    writer.number(kernel.code.count)
    var expected: UInt32 = 0
    for instruction in kernel.code {
      writer.signed(Int64(instruction.pc) - Int64(expected))
      expected = instruction.pc &+ 16
      writer.text(instruction.text)
      let known: UInt8 =
        (instruction.control == nil ? 0 : 1) | (instruction.encoding == nil ? 0 : 2)
      writer.bytes.append(known)
      if let control = instruction.control { writer.fixed(control.highWord) }
      if let encoding = instruction.encoding {
        writer.fixed(encoding.low)
        writer.fixed(encoding.high)
      }
    }
    writer.number(kernel.ctaCount)
    writer.number(kernel.warpInstructions)
    writer.number(kernel.warnings.count)
    for warning in kernel.warnings { writer.text(warning) }
    writer.number(kernel.chunks.count)
    for chunk in kernel.chunks {
      writer.number(chunk.offset)
      writer.number(chunk.compressedSize)
      writer.number(chunk.size)
      writer.number(chunk.ctas)
    }
  }

  init() {}

  init(_ bytes: UnsafeRawBufferPointer, fileSize: Int) throws(ByteReader.Failure) {
    var reader = ByteReader(bytes)
    origin = try reader.text()
    let kernelCount = try reader.number(upTo: bytes.count, "the number of kernels")
    for _ in 0..<kernelCount { kernels.append(try Self.readKernel(&reader, bytes.count, fileSize)) }
    let commandCount = try reader.number(upTo: bytes.count, "the number of commands")
    for _ in 0..<commandCount {
      let kind = try reader.number(upTo: 4, "a command's kind")
      if kind == 0 {
        guard kernelCount > 0 else {
          throw ByteReader.Failure(message: "launches a kernel that is not there")
        }
        commands.append(.kernel(try reader.number(upTo: kernelCount - 1, "a kernel's number")))
      } else {
        let direction = MemoryCopy.Direction(rawValue: UInt8(kind - 1)) ?? .hostToDevice
        commands.append(
          .copy(
            MemoryCopy(
              direction: direction, address: try reader.number(), bytes: try reader.number())))
      }
    }
    guard reader.isAtEnd else { throw ByteReader.Failure(message: "has bytes left over") }
  }

  private static func readKernel(
    _ reader: inout ByteReader, _ limit: Int, _ fileSize: Int
  ) throws(ByteReader.Failure) -> TraceKernel {
    let name = try reader.text()
    func size(_ reader: inout ByteReader) throws(ByteReader.Failure) -> Dim3 {
      let most = Int(UInt32.max)
      let x = try reader.number(upTo: most, "a dimension")
      let y = try reader.number(upTo: most, "a dimension")
      let z = try reader.number(upTo: most, "a dimension")
      return Dim3(UInt32(x), UInt32(y), UInt32(z))
    }
    let grid = try size(&reader)
    let block = try size(&reader)
    guard block.count <= 2048 else {
      throw ByteReader.Failure(message: "has a block of \(block.count) threads")
    }
    var launch = KernelLaunch(name: name, grid: grid, block: block, architecture: Architecture(0))
    launch.cluster = try size(&reader)
    launch.registers = try reader.number(upTo: 1024, "the number of registers")
    launch.staticShared = try reader.number(upTo: 1 << 24, "the size of shared memory")
    launch.dynamicShared = try reader.number(upTo: 1 << 24, "the size of shared memory")
    launch.architecture = Architecture(try reader.number(upTo: 1000, "the architecture"))
    launch.stream = try reader.number()
    launch.sharedWindow = try reader.number()
    launch.localWindow = try reader.number()
    var kernel = TraceKernel(launch: launch)
    let codeCount = try reader.number(upTo: limit, "the number of static instructions")
    var expected: Int64 = 0
    for _ in 0..<codeCount {
      let (pc, overflow) = expected.addingReportingOverflow(try reader.signed())
      guard !overflow, pc >= 0, pc < Int64(UInt32.max) - 16 else {
        throw ByteReader.Failure(message: "has a pc out of range")
      }
      expected = pc + 16
      let text = try reader.text()
      let known = try reader.byte()
      let control = known & 1 != 0 ? ControlCode(highWord: try reader.fixed()) : nil
      var encoding: StaticInstruction.Encoding?
      if known & 2 != 0 { encoding = .init(low: try reader.fixed(), high: try reader.fixed()) }
      kernel.code.append(
        StaticInstruction(pc: UInt32(pc), text: text, control: control, encoding: encoding))
    }
    kernel.ctaCount = try reader.number(upTo: 1 << 40, "the number of CTAs")
    kernel.warpInstructions = try reader.number(upTo: 1 << 56, "the number of warp instructions")
    let warnings = try reader.number(upTo: limit, "the number of warnings")
    for _ in 0..<warnings { kernel.warnings.append(try reader.text()) }
    let chunks = try reader.number(upTo: limit, "the number of chunks")
    var first = 0
    for _ in 0..<chunks {
      let place = ChunkPlace(
        offset: try reader.number(upTo: fileSize, "a chunk's offset"),
        compressedSize: try reader.number(upTo: fileSize, "a chunk's size"),
        size: try reader.number(upTo: sizeLimit, "a chunk's size"), firstCTA: first,
        ctas: try reader.number(upTo: 1 << 20, "a chunk's number of CTAs"))
      guard place.offset + place.compressedSize <= fileSize else {
        throw ByteReader.Failure(message: "has a chunk outside the file")
      }
      first += place.ctas
      kernel.chunks.append(place)
    }
    guard first == kernel.ctaCount else {
      throw ByteReader.Failure(message: "has \(first) CTAs in chunks instead of \(kernel.ctaCount)")
    }
    return kernel
  }
}

/// FNV-1a, which guards header and trailer; frames have zstd's own checksums.
func fingerprint(_ bytes: some Sequence<UInt8>) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
