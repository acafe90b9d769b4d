import CCUDARuntime
import Foundation

/// Tells `needletail trace record` how it goes, through a named pipe that both know.
final class ShimStatus: @unchecked Sendable {
  private let path: String?
  private var lastWrite = Date.distantPast

  init(_ settings: ShimSettings) {
    path = settings.statusPath
    // A trace that grows too large is an error of its writer.
    signal(SIGXFSZ, SIG_IGN)
  }

  private func write(_ line: String) {
    guard let path else { return }
    // A pipe keeps lines of this length in one piece.
    let bytes = Array(line.utf8.prefix(3000)) + [UInt8(ascii: "\n")]
    bytes.withUnsafeBufferPointer { buffer in
      buffer.withMemoryRebound(to: CChar.self) {
        needletail_tell(path, $0.baseAddress, $0.count)
      }
    }
  }

  /// From now on this process ends when the command does.
  func start() {
    write("start")
    if let path { needletail_end_with_reader(path) }
  }

  func done(launches: Int, warpInstructions: Int) { write("done \(launches) \(warpInstructions)") }

  func progress(launch: Int, kernel: String, instructions: Int) {
    guard Date().timeIntervalSince(lastWrite) > 0.2 else { return }
    lastWrite = Date()
    write("launch \(launch) \(instructions) \(kernel)")
  }

  /// A kernel's fault, told once: what follows is its consequence.
  func fault(_ message: String) { report("fault", 1, message) }

  func fail(_ code: Int32, _ message: String) -> Never {
    report("error", code, message)
    needletail_flush()
    _exit(code)
  }

  private func report(_ kind: String, _ code: Int32, _ message: String) {
    let line = message.replacingOccurrences(of: "\n", with: " ")
    if path == nil {
      FileHandle.standardError.write(Data("needletail: error: \(line)\n".utf8))
    }
    write("\(kind) \(code) \(line)")
  }

  // MARK: Who records

  /// A file beside the pipe that the recording process has made.
  private var claim: String? { path.map { $0 + ".recorder" } }

  /// Whether this process is the one that records.
  func claimTrace() -> Bool {
    guard let claim else { return true }
    let file = open(claim, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { return errno != EEXIST }
    close(file)
    return true
  }

  /// A process that launched nothing leaves the trace to the next one.
  func releaseTrace() { if let claim { unlink(claim) } }
}
