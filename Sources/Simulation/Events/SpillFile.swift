import Foundation

/// A file without a name: whatever ends the program, nothing is left of it.
final class SpillFile: Sendable {
  private let folder: String
  private let descriptor: Int32

  init(in folder: String) throws(SimulationError) {
    self.folder = folder
    let name = "\(folder)/needletail-\(UUID().uuidString)"
    descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure(folder) }
    unlink(name)
  }

  deinit { close(descriptor) }

  /// Writes elements at the end of a file that holds nothing else; returns their places in it.
  func append<Element: BitwiseCopyable>(_ elements: [Element]) throws(SimulationError) -> Range<Int>
  {
    let stride = MemoryLayout<Element>.stride
    let end = Int(lseek(descriptor, 0, SEEK_END))
    var done = 0
    while done < elements.count * stride {
      let count = elements.withUnsafeBytes {
        write(descriptor, $0.baseAddress! + done, $0.count - done)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure(folder) }
      done += count
    }
    return end / stride..<end / stride + elements.count
  }

  /// Reads elements in place of those in `buffer`.
  func read<Element: BitwiseCopyable>(
    _ places: Range<Int>, into buffer: inout [Element]
  ) throws(SimulationError) {
    let stride = MemoryLayout<Element>.stride
    var failed = false
    buffer = Array(unsafeUninitializedCapacity: places.count) { space, count in
      let bytes = UnsafeMutableRawBufferPointer(space)
      var done = 0
      while done < places.count * stride {
        let read = pread(
          descriptor, bytes.baseAddress! + done, places.count * stride - done,
          places.lowerBound * stride + done)
        if read < 0, errno == EINTR { continue }
        guard read > 0 else {
          failed = true
          return
        }
        done += read
      }
      count = places.count
    }
    if failed { throw Self.failure(folder) }
  }

  private static func failure(_ folder: String) -> SimulationError {
    .lostEvents(folder: folder, reason: String(cString: strerror(errno)))
  }
}
