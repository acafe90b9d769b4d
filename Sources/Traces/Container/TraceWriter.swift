import Foundation
import ISA

/// Writes a container. Until `finish`, the file is called `….partial`; memory is bounded by one
/// chunk and the index.
public final class TraceWriter: TraceSink {
  private let path: String
  private let partialPath: String
  private let handle: FileHandle
  private var offset = 0
  private var index = ContainerIndex()
  private var open: TraceKernel?
  private var chunk = ChunkEncoder()
  private var isFinished = false

  private static let ctasPerChunk = 16
  private static let instructionsPerChunk = 1 << 18

  /// Creates `path` (through a partial file); `origin` says what made the trace.
  public init(path: String, origin: String) throws {
    self.path = path
    partialPath = path + ".partial"
    // The whole file takes this name: a device or folder must not be replaced by it.
    if let type = try? FileManager.default.attributesOfItem(
      atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)[.type],
      type as? FileAttributeType != .typeRegular
    {
      throw TraceError(path, "is not a plain file; name a new one", isSystemFailure: true)
    }
    guard FileManager.default.createFile(atPath: partialPath, contents: nil),
      let handle = FileHandle(forWritingAtPath: partialPath)
    else { throw TraceError(path, "cannot be created", isSystemFailure: true) }
    self.handle = handle
    index.origin = origin
    var header = ByteWriter()
    header.bytes = ContainerIndex.magic
    header.fixed(ContainerIndex.version)
    try write(header.bytes)
  }

  deinit { if !isFinished { cancel() } }

  /// Gives up and removes the partial file.
  public func cancel() {
    isFinished = true
    try? handle.close()
    try? FileManager.default.removeItem(atPath: partialPath)
  }

  public func memoryCopy(_ copy: MemoryCopy) throws { index.commands.append(.copy(copy)) }

  public func beginKernel(_ launch: KernelLaunch) throws {
    precondition(open == nil, "the kernel before has not ended")
    open = TraceKernel(launch: launch)
    chunk = ChunkEncoder()
  }

  public func append(_ cta: CTATrace) throws {
    guard cta.instructions.count <= ChunkDecoder.instructionLimit / 2 else {
      throw TraceError(
        path, "a CTA executes more than \(ChunkDecoder.instructionLimit / 2) warp instructions")
    }
    chunk.append(cta)
    if chunk.ctas >= Self.ctasPerChunk || chunk.instructions >= Self.instructionsPerChunk {
      try flush()
    }
  }

  public func endKernel(code: [StaticInstruction], warnings: [String]) throws {
    try flush()
    guard var kernel = open else { return }
    kernel.code = code
    kernel.warnings = warnings
    open = nil
    index.commands.append(.kernel(index.kernels.count))
    index.kernels.append(kernel)
  }

  /// Writes index and trailer and gives the file its name.
  public func finish() throws {
    let raw = index.encoded()
    let frame = try compressed(raw)
    let indexOffset = offset
    try write(frame)
    var trailer = ByteWriter()
    trailer.fixed(UInt64(indexOffset))
    trailer.fixed(UInt64(frame.count))
    trailer.fixed(UInt64(raw.count))
    trailer.fixed(fingerprint(trailer.bytes))
    trailer.bytes += ContainerIndex.endMagic
    try write(trailer.bytes)
    do {
      try handle.synchronize()
      try handle.close()
    } catch {
      throw TraceError(path, "cannot be written (\(Self.reason(error)))", isSystemFailure: true)
    }
    guard rename(partialPath, path) == 0 else {
      throw TraceError(path, "cannot be renamed from \(partialPath)", isSystemFailure: true)
    }
    isFinished = true
  }

  private func flush() throws {
    guard chunk.ctas > 0 else { return }
    let raw = chunk.finish()
    guard raw.count <= ContainerIndex.sizeLimit else {
      throw TraceError(path, "a CTA needs more than \(ContainerIndex.sizeLimit) bytes")
    }
    let frame = try compressed(raw)
    let first = open?.ctaCount ?? 0
    open?.chunks.append(
      ChunkPlace(
        offset: offset, compressedSize: frame.count, size: raw.count, firstCTA: first,
        ctas: chunk.ctas))
    open?.ctaCount += chunk.ctas
    open?.warpInstructions += chunk.instructions
    try write(frame)
    chunk = ChunkEncoder()
  }

  private func compressed(_ bytes: [UInt8]) throws -> [UInt8] {
    do { return try Zstandard.compress(bytes) } catch let failure as Zstandard.Failure {
      throw TraceError(path, "cannot be compressed: \(failure.message)", isSystemFailure: true)
    }
  }

  private func write(_ bytes: [UInt8]) throws {
    do { try handle.write(contentsOf: Data(bytes)) } catch {
      throw TraceError(
        path, "cannot be written at byte \(offset) (\(Self.reason(error)))", isSystemFailure: true)
    }
    offset += bytes.count
  }

  /// What the system says.
  private static func reason(_ error: any Error) -> String {
    let inner = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    let system = inner ?? error as NSError
    guard system.domain == NSPOSIXErrorDomain else { return error.localizedDescription }
    return String(cString: strerror(Int32(system.code)))
  }
}
