import Foundation

/// Files that are there wholly or not at all, whatever ends the program or the machine.
enum WholeFile {
  /// Writes beside the file, to the disk, and then in its place. Throws `StoreError`.
  static func write(_ data: Data, to path: String) throws {
    let temporary = temporaryName(path)
    do throws(StoreError) {
      try writeOut(data, to: temporary)
      try put(temporary, inPlaceOf: path)
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// What unfinished files end in.
  static let ending = ".partial"

  /// A name beside a file that no other process of any machine uses.
  static func temporaryName(_ path: String) -> String {
    "\(path).\(String(UInt64.random(in: 0 ... .max), radix: 16))\(ending)"
  }

  /// Renames a finished file; both it and its name are on the disk afterwards.
  static func put(_ temporary: String, inPlaceOf path: String) throws(StoreError) {
    try sync(temporary)
    guard rename(temporary, path) == 0 else { throw StoreError.system(path, errno) }
    try sync((path as NSString).deletingLastPathComponent)
  }

  private static func writeOut(_ data: Data, to path: String) throws(StoreError) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw StoreError.system(path, errno) }
    defer { close(file) }
    var rest = data[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw StoreError.system(path, errno) }
      rest = rest.dropFirst(count)
    }
  }

  private static func sync(_ path: String) throws(StoreError) {
    let file = open(path.isEmpty ? "." : path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw StoreError.system(path, errno) }
    defer { close(file) }
    // Some network file systems know no sync of a folder.
    guard fsync(file) == 0 || errno == EINVAL else { throw StoreError.system(path, errno) }
  }
}

/// A sweep's store that cannot be used or written, in one line.
public struct StoreError: Error, CustomStringConvertible {
  public enum Kind: Sendable {
    /// The system refused: a full disk, a lost file system.
    case system
    /// The store is in use, or holds another sweep.
    case usage
  }

  public let kind: Kind
  public let description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  static func system(_ path: String, _ error: Int32) -> StoreError {
    StoreError(.system, "\(path): cannot be written (\(String(cString: strerror(error))))")
  }
}
