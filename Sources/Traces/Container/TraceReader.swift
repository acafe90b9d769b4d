import Foundation
import ISA
import Synchronization

/// Reads a container: the index at once, CTAs in any order and from any thread.
public final class TraceReader: Sendable {
  public let path: String
  /// What made the trace.
  public let origin: String
  public let commands: [TraceCommand]
  public let kernels: [TraceKernel]
  public let fileSize: Int
  private let descriptor: Int32
  private let cache = Mutex<[CachedChunk]>([])

  private struct CachedChunk: Sendable {
    var kernel: Int
    var chunk: Int
    var ctas: [CTATrace]
  }

  /// Whether the bytes begin like a container.
  public static func recognises(_ bytes: some Sequence<UInt8>) -> Bool {
    bytes.starts(with: ContainerIndex.magic)
  }

  public init(path: String) throws {
    self.path = path
    let opened = open(path, O_RDONLY)
    guard opened >= 0 else {
      throw TraceError(path, "cannot be opened: \(String(cString: strerror(errno)))")
    }
    do {
      let size = Int(lseek(opened, 0, SEEK_END))
      let index = try Self.readIndex(opened, path, size)
      fileSize = size
      origin = index.origin
      commands = index.commands
      kernels = index.kernels
      descriptor = opened
    } catch {
      close(opened)
      throw error
    }
  }

  deinit { close(descriptor) }

  /// The dynamic streams of a CTA, by launch order.
  public func cta(kernel: Int, index: Int) throws -> CTATrace {
    guard kernels.indices.contains(kernel), index >= 0, index < kernels[kernel].ctaCount else {
      throw TraceError(path, "has no CTA \(index) of kernel \(kernel + 1)")
    }
    let chunks = kernels[kernel].chunks
    var low = 0
    var high = chunks.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if chunks[middle].firstCTA <= index { low = middle } else { high = middle - 1 }
    }
    let found = cache.withLock { $0.first { $0.kernel == kernel && $0.chunk == low } }
    if let found { return found.ctas[index - chunks[low].firstCTA] }
    let ctas = try decode(kernel, chunks[low])
    cache.withLock { entries in
      if entries.count >= 2 { entries.removeFirst() }
      entries.append(CachedChunk(kernel: kernel, chunk: low, ctas: ctas))
    }
    return ctas[index - chunks[low].firstCTA]
  }

  private func decode(_ kernel: Int, _ place: ChunkPlace) throws -> [CTATrace] {
    let frame = try Self.bytes(descriptor, path, at: place.offset, count: place.compressedSize)
    do {
      let raw = try Zstandard.decompress(frame, size: place.size)
      return try raw.withUnsafeBytes { bytes throws in
        var decoder = try ChunkDecoder(
          bytes, ctas: place.ctas, codeCount: kernels[kernel].code.count)
        return try decoder.decode()
      }
    } catch let failure as Zstandard.Failure {
      throw TraceError(path, offset: place.offset, "damaged chunk: \(failure.message)")
    } catch let failure as ByteReader.Failure {
      throw TraceError(path, offset: place.offset, "damaged chunk: \(failure.message)")
    }
  }

  // MARK: Opening

  private static func readIndex(_ descriptor: Int32, _ path: String, _ size: Int) throws
    -> ContainerIndex
  {
    guard size >= ContainerIndex.headerSize else {
      throw TraceError(path, "is too short for a trace container")
    }
    let header = try bytes(descriptor, path, at: 0, count: ContainerIndex.headerSize)
    guard header.starts(with: ContainerIndex.magic) else {
      throw TraceError(path, offset: 0, "is no trace container")
    }
    let version = header[8..<16].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard version == ContainerIndex.version else {
      throw TraceError(
        path, offset: 8,
        "has container version \(version); this program reads version \(ContainerIndex.version)")
    }
    let unfinished = "is cut short or still being written: its end mark is missing"
    let trailerOffset = size - ContainerIndex.trailerSize
    guard trailerOffset >= ContainerIndex.headerSize else {
      throw TraceError(path, offset: size, unfinished)
    }
    let trailer = try bytes(descriptor, path, at: trailerOffset, count: ContainerIndex.trailerSize)
    guard trailer.suffix(8).elementsEqual(ContainerIndex.endMagic) else {
      throw TraceError(path, offset: size, unfinished)
    }
    func word(_ number: Int) -> UInt64 {
      trailer[number * 8..<number * 8 + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    guard word(3) == fingerprint(trailer[..<24]) else {
      throw TraceError(path, offset: trailerOffset, "damaged trailer: its checksum does not fit")
    }
    guard word(0) <= UInt64(trailerOffset), word(1) == UInt64(trailerOffset) - word(0),
      word(2) <= UInt64(ContainerIndex.sizeLimit)
    else {
      throw TraceError(
        path, offset: trailerOffset, "damaged trailer: the index lies outside the file")
    }
    let offset = Int(word(0))
    let frame = try bytes(descriptor, path, at: offset, count: Int(word(1)))
    do {
      let raw = try Zstandard.decompress(frame, size: Int(word(2)))
      return try raw.withUnsafeBytes { try ContainerIndex($0, fileSize: size) }
    } catch let failure as Zstandard.Failure {
      throw TraceError(path, offset: offset, "damaged index: \(failure.message)")
    } catch let failure as ByteReader.Failure {
      throw TraceError(path, offset: offset, "damaged index: it \(failure.message)")
    }
  }

  private static func bytes(_ descriptor: Int32, _ path: String, at offset: Int, count: Int) throws
    -> [UInt8]
  {
    var done = 0
    let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while done < count {
        let got = pread(descriptor, buffer.baseAddress! + done, count - done, off_t(offset + done))
        if got <= 0 { break }
        done += got
      }
      filled = done
    }
    guard done == count else {
      throw TraceError(path, offset: offset + done, "ends too early or cannot be read")
    }
    return result
  }
}
