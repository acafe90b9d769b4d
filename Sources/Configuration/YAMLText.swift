import Foundation
import Yams

/// Reads YAML that may be damaged or hostile: one node tree, or an error that says where.
enum YAMLText {
  /// Forty times the largest description that ships.
  static let descriptionLimit = 256 << 10

  /// `kind`: what the file should be, for messages; `sizeLimit`: the most bytes it may have.
  static func node(
    ofFile path: String, kind: String = "machine description", sizeLimit: Int = descriptionLimit
  ) throws -> Node {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue,
      let handle = FileHandle(forReadingAtPath: path)
    else {
      throw ConfigurationError(.data, file: path, "there is no such file, or it cannot be read")
    }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: sizeLimit + 1) ?? Data() else {
      throw ConfigurationError(.data, file: path, "cannot be read")
    }
    guard data.count <= sizeLimit else {
      throw ConfigurationError(
        .data, file: path, "is larger than \(sizeLimit >> 10) KiB; that is no \(kind)")
    }
    return try node(of: Array(data), file: path)
  }

  static func node(of bytes: [UInt8], file: String) throws -> Node {
    guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError(.data, file: file, "is not UTF-8 text")
    }
    if let line = lineOfAlias(bytes) {
      throw ConfigurationError(
        .data, file: file, line: line,
        "YAML aliases are not allowed here (in a text, put a space after '*')")
    }
    do {
      // Without rules for what a scalar is: the spec's types say that, and the rules are slow.
      guard let node = try Yams.compose(yaml: text, .basic) else {
        throw ConfigurationError(.data, file: file, line: 1, "is empty")
      }
      return node
    } catch let error as YamlError {
      throw ConfigurationError(error, file: file)
    }
  }

  /// Aliases serve no purpose here and let a small file stand for an endless one, so they are
  /// refused before the parser sees them: a `*` before a word wherever a value may begin.
  private static func lineOfAlias(_ bytes: [UInt8]) -> Int? {
    let openers = Set(" \t\r\n[]{},:?-'\"".utf8)
    var line = 1
    for (index, byte) in bytes.enumerated() {
      if byte == UInt8(ascii: "\n") { line += 1 }
      guard byte == UInt8(ascii: "*") else { continue }
      let begins = index == 0 || openers.contains(bytes[index - 1])
      let isWord = index + 1 < bytes.count && !Set(" \t\r\n".utf8).contains(bytes[index + 1])
      if begins && isWord { return line }
    }
    return nil
  }
}

extension ConfigurationError {
  /// A parser's error in one line.
  init(_ error: YamlError, file: String) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      self.init(.data, file: file, line: mark.line, problem)
    case .duplicatedKeysInMapping(let names, let context):
      let list = names.map { "'\($0)'" }.joined(separator: ", ")
      self.init(.data, file: file, line: context.mark.line, "\(list) is given twice")
    case .reader(let problem, let offset, _, _):
      self.init(.data, file: file, "\(problem) at byte \(offset ?? 0)")
    default:
      self.init(.data, file: file, "is not valid YAML")
    }
  }
}
