import Foundation

/// What the stand-in runtime says, line by line, through a named pipe.
final class GuestStatus {
  let descriptor: Int32
  private var pending: [UInt8] = []
  private(set) var hasStarted = false
  private(set) var isDone = false
  private(set) var launches = 0
  private(set) var warpInstructions = 0
  /// Exit status and message.
  private(set) var failure: (Int32, String)?
  private(set) var progress: String?

  init(_ path: String) throws {
    // For writing too: otherwise the pipe would end with its first writer. Only this process
    // reads it; the runtime sees when it ends.
    descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw OutputError("\(path): cannot be opened") }
  }

  deinit { close(descriptor) }

  /// Takes what has been said since the last call.
  func read() {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = Foundation.read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      pending += buffer[..<count]
    }
    while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
      take(String(decoding: pending[..<end], as: UTF8.self))
      pending.removeSubrange(...end)
    }
  }

  private func take(_ line: String) {
    let words = line.split(separator: " ", maxSplits: 3).map(String.init)
    switch words.first {
    case "start": hasStarted = true
    case "done" where words.count > 2:
      isDone = true
      launches += Int(words[1]) ?? 0
      warpInstructions += Int(words[2]) ?? 0
    case "launch" where words.count > 3:
      progress = "launch \(words[1]): \(words[3]), \(words[2]) warp instructions before it"
    case "error" where words.count > 2, "fault" where words.count > 2:
      // The first failure is the cause of the others.
      if failure == nil {
        failure = (Int32(words[1]) ?? 1, words.dropFirst(2).joined(separator: " "))
      }
    default: break
    }
  }
}
