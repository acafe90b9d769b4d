import Foundation

/// A file that is being written, block by block, if wanted through the program xz. Whatever keeps
/// it from being written whole is an error with the system's reason.
public final class OutputFile {
  private let path: String
  private let file: Int32
  /// The way to the compressor, or the file.
  private var descriptor: Int32
  private var compressor: Process?
  private var complaints: FileHandle?
  private var buffer: [UInt8] = []
  private var isOpen = true
  /// Bytes taken so far, before compression.
  public private(set) var bytes = 0

  private static let blockSize = 1 << 18

  /// Creates the file `place`, which must not exist; errors speak of `path`.
  public convenience init(writing place: String, reportedAs path: String, isCompressed: Bool) throws
  {
    let descriptor = open(place, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      let reason = String(cString: strerror(errno))
      throw TraceError(path, "cannot be created (\(reason))", isSystemFailure: true)
    }
    try self.init(descriptor: descriptor, reportedAs: path, isCompressed: isCompressed)
  }

  /// Writes to an open file, which it closes.
  public init(descriptor: Int32, reportedAs path: String, isCompressed: Bool) throws {
    self.path = path
    file = descriptor
    self.descriptor = descriptor
    buffer.reserveCapacity(Self.blockSize + 4096)
    if isCompressed { try startCompressor() }
  }

  deinit {
    if isOpen { _ = Foundation.close(file) }
    if descriptor != file { _ = Foundation.close(descriptor) }
    if let compressor, compressor.isRunning { compressor.terminate() }
  }

  /// Throws `TraceError` where the system refuses.
  public func write(_ data: [UInt8]) throws {
    buffer += data
    if buffer.count >= Self.blockSize { try flush() }
  }

  /// Writes what is left, to the disk, and closes the file; the compressor has ended well then.
  public func close() throws {
    try flush()
    try endCompressor()
    // Devices cannot be synchronised.
    guard fsync(file) == 0 || errno == EINVAL else { throw failure() }
    isOpen = false
    guard Foundation.close(file) == 0 else { throw failure() }
  }

  private func flush() throws {
    bytes += buffer.count
    var done = 0
    while done < buffer.count {
      let count = buffer.withUnsafeBytes { bytes in
        let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
        // A compressor that has died must not end this program by a signal.
        return compressor == nil
          ? Foundation.write(descriptor, rest.baseAddress, rest.count)
          : send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let reason = failure()
        try endCompressor()
        throw reason
      }
      done += count
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private func failure() -> TraceError {
    TraceError(
      path, "cannot be written (\(String(cString: strerror(errno))))", isSystemFailure: true)
  }

  // MARK: Compression

  private func startCompressor() throws {
    guard
      let executable = ["/usr/bin/xz", "/bin/xz", "/usr/local/bin/xz"].first(
        where: FileManager.default.isExecutableFile)
    else {
      throw TraceError(
        path, "needs the program 'xz' to be compressed, which is not installed",
        isSystemFailure: true)
    }
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw failure() }
    let process = Process()
    let errors = Pipe()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = ["--compress", "--stdout", "--threads=1"]
    process.standardInput = FileHandle(fileDescriptor: ends[1], closeOnDealloc: false)
    process.standardOutput = FileHandle(fileDescriptor: file, closeOnDealloc: false)
    process.standardError = errors
    descriptor = ends[0]
    // Only the compressor holds this end, so that it sees the end of its input.
    defer { _ = Foundation.close(ends[1]) }
    do { try process.run() } catch {
      throw TraceError(path, "'xz' cannot be started", isSystemFailure: true)
    }
    compressor = process
    complaints = errors.fileHandleForReading
  }

  private func endCompressor() throws {
    guard let process = compressor else { return }
    compressor = nil
    _ = Foundation.close(descriptor)
    descriptor = file
    let words = (try? complaints?.readToEnd()) ?? nil
    process.waitUntilExit()
    guard process.terminationStatus != 0 else { return }
    let text = String(decoding: words ?? Data(), as: UTF8.self)
    let reason = text.split(separator: "\n").first.map(String.init) ?? "it gives no reason"
    throw TraceError(path, "cannot be written (\(reason))", isSystemFailure: true)
  }
}
