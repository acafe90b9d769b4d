import Foundation

/// A folder that is being written. Until `finish` it is called `….partial`, so that a cut export is
/// not mistaken for a whole one.
final class ExportFolder {
  /// The name that it gets at the end.
  let path: String
  private let partialPath: String
  /// There is nothing to remove: it was not begun, or is whole.
  private var isFinished = true
  private(set) var files = 0
  /// Bytes written into its files, before compression.
  private(set) var bytes = 0

  /// Begins a folder at `path`, where nothing may lie but an empty folder.
  init(path: String) throws {
    let path = URL(fileURLWithPath: path).standardizedFileURL.path
    self.path = path
    partialPath = path + ".partial"
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      guard isFolder.boolValue else {
        throw TraceError(path, "exists and is no folder", isSystemFailure: true)
      }
      guard (try? FileManager.default.contentsOfDirectory(atPath: path))?.isEmpty == true else {
        throw TraceError(
          path, "exists and is not empty; an export wants a new folder", isSystemFailure: true)
      }
    }
    guard mkdir(partialPath, 0o777) == 0 else {
      if errno == EEXIST {
        throw TraceError(
          partialPath, "exists: another export writes there, or one was cut; remove it first",
          isSystemFailure: true)
      }
      throw TraceError(
        path, "cannot be created (\(String(cString: strerror(errno))))", isSystemFailure: true)
    }
    isFinished = false
  }

  deinit { if !isFinished { cancel() } }

  /// Gives up and removes what was written.
  func cancel() {
    isFinished = true
    try? FileManager.default.removeItem(atPath: partialPath)
  }

  /// Makes a folder in it, with those above.
  func makeFolder(_ name: String) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: partialPath + "/" + name, withIntermediateDirectories: true)
    } catch {
      throw TraceError(
        path + "/" + name, "cannot be created (\(String(cString: strerror(errno))))",
        isSystemFailure: true)
    }
  }

  /// Whether it has a file of that name.
  func holds(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: partialPath + "/" + name)
  }

  /// Begins a file in it; the folders of its name are there. The name must be new.
  func makeFile(_ name: String, isCompressed: Bool = false) throws -> OutputFile {
    try OutputFile(
      writing: partialPath + "/" + name, reportedAs: path + "/" + name, isCompressed: isCompressed)
  }

  /// Closes a file of the folder.
  func close(_ file: OutputFile) throws {
    try file.close()
    files += 1
    bytes += file.bytes
  }

  /// Writes a whole file.
  func write(_ data: [UInt8], to name: String) throws {
    let file = try makeFile(name)
    try file.write(data)
    try close(file)
  }

  /// Gives the folder its name; its files are closed.
  func finish() throws {
    guard rename(partialPath, path) == 0 else {
      throw TraceError(
        path, "cannot be renamed from \(partialPath) (\(String(cString: strerror(errno))))",
        isSystemFailure: true)
    }
    isFinished = true
  }
}
