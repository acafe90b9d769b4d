import Foundation

/// What the file of a program says before and after it runs.
enum GuestFile {
  /// Refuses an ELF file that is cut: the system would end it by a signal, as if it had crashed.
  static func check(_ path: String) throws {
    guard let handle = FileHandle(forReadingAtPath: path) else { return }
    defer { try? handle.close() }
    guard let header = try? handle.read(upToCount: 64),
      header.starts(with: [0x7f, 0x45, 0x4c, 0x46])
    else { return }
    let size = (try? handle.seekToEnd()) ?? 0
    func number(_ data: Data, _ offset: Int, _ bytes: Int) -> UInt64 {
      data.dropFirst(offset).prefix(bytes).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    let damaged = InputError("\(path): a damaged ELF file")
    guard header.count == 64, header[4] == 2 else { throw damaged }
    let (table, entry) = (number(header, 32, 8), number(header, 54, 2))
    let count = number(header, 56, 2)
    guard table <= size, entry >= 56, entry * count <= size - table else { throw damaged }
    try? handle.seek(toOffset: table)
    let segments = (try? handle.read(upToCount: Int(entry * count))) ?? Data()
    guard segments.count == Int(entry * count) else { throw damaged }
    for index in 0..<Int(count) {
      let segment = Data(segments.dropFirst(index * Int(entry)))
      // Loaded segments lie inside the file.
      guard number(segment, 0, 4) == 1 else { continue }
      let (offset, bytes) = (number(segment, 8, 8), number(segment, 32, 8))
      guard offset <= size, bytes <= size - offset else { throw damaged }
    }
  }

  /// Whether an ELF file has kernels inside and names no shared runtime.
  static func holdsRuntime(_ path: String) -> Bool {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped),
      data.starts(with: [0x7f, 0x45, 0x4c, 0x46])
    else { return false }
    return data.range(of: Data(".nv_fatbin".utf8)) != nil
      && data.range(of: Data("libcudart.so".utf8)) == nil
  }
}

/// A folder for the run: the runtime library under the names that programs ask for, and the
/// named pipe through which it reports.
struct GuestFolder {
  private let url: URL
  var path: String { url.path }
  var status: String { url.appendingPathComponent("status").path }

  init(library: URL) throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "needletail-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      for version in ["libcudart.so.12", "libcudart.so.13"] {
        try FileManager.default.createSymbolicLink(
          at: url.appendingPathComponent(version), withDestinationURL: library)
      }
    } catch {
      remove()
      throw OutputError("\(url.path): cannot be created; is the disk full? TMPDIR says where")
    }
    guard mkfifo(status, 0o600) == 0 else {
      let reason = String(cString: strerror(errno))
      remove()
      throw OutputError("\(url.path)/status: cannot be created (\(reason))")
    }
  }

  func remove() { try? FileManager.default.removeItem(at: url) }
}

/// Where the stand-in runtime library is: beside the program, or where a build left it.
enum GuestLibrary {
  static func locate() throws -> URL {
    let name = "libNeedletailCUDA.so"
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    let folders = [own, own.deletingLastPathComponent().appendingPathComponent("lib")]
    for folder in folders {
      let candidate = folder.appendingPathComponent(name)
      if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
    }
    throw InputError("\(name) is not beside needletail; build it with swift build")
  }
}
