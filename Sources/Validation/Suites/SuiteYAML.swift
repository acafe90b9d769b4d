import Foundation
import ISA
import Yams

/// Access to a suite's YAML that says where something is wrong.
struct SuiteYAML {
  let file: String
  private let node: Node

  /// Hundred times the largest suite that ships.
  private static let sizeLimit = 4 << 20

  init(file: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: file, isDirectory: &isFolder), !isFolder.boolValue,
      let handle = FileHandle(forReadingAtPath: file),
      let data = try? handle.read(upToCount: Self.sizeLimit + 1)
    else { throw SuiteError(.data, file: file, "there is no such suite, or it cannot be read") }
    guard data.count <= Self.sizeLimit else {
      throw SuiteError(.data, file: file, "is larger than \(Self.sizeLimit >> 20) MiB")
    }
    try self.init([UInt8](data), file: file)
  }

  init(_ bytes: [UInt8], file: String) throws {
    guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
      throw SuiteError(.data, file: file, "is not UTF-8 text")
    }
    do {
      guard let node = try Yams.compose(yaml: text) else {
        throw SuiteError(.data, file: file, line: 1, "is empty")
      }
      self.init(file: file, node: node)
    } catch let error as YamlError {
      throw Self.error(error, file: file)
    }
  }

  private init(file: String, node: Node) {
    self.file = file
    self.node = node
  }

  var line: Int { node.mark?.line ?? 1 }

  func fail(_ message: String) -> SuiteError {
    SuiteError(.data, file: file, line: line, message)
  }

  /// The values of a mapping that has only these keys.
  func fields(_ known: [String]) throws -> [String: SuiteYAML] {
    guard case .mapping(let mapping) = node else {
      throw fail("must be a mapping of \(known.joined(separator: ", "))")
    }
    var fields: [String: SuiteYAML] = [:]
    for (key, value) in mapping {
      let inner = SuiteYAML(file: file, node: key)
      guard let name = key.scalar?.string, known.contains(name) else {
        let name = key.scalar?.string ?? "?"
        let near = nearestName(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
        throw inner.fail("unknown key '\(name)'\(near) (known: \(known.joined(separator: ", ")))")
      }
      fields[name] = SuiteYAML(file: file, node: value)
    }
    return fields
  }

  var list: [SuiteYAML] {
    get throws {
      guard case .sequence(let sequence) = node else { throw fail("must be a list") }
      return sequence.map { SuiteYAML(file: file, node: $0) }
    }
  }

  var text: String {
    get throws {
      guard let text = node.scalar?.string else { throw fail("must be a text") }
      return text
    }
  }

  var texts: [String] { get throws { try list.map { try $0.text } } }

  var number: Double {
    get throws {
      guard let value = Double(try text), value.isFinite else {
        throw fail("'\(try text)' is no number")
      }
      return value
    }
  }

  var flag: Bool {
    get throws {
      switch try text {
      case "true": return true
      case "false": return false
      case let other: throw fail("'\(other)' is neither true nor false")
      }
    }
  }

  private static func error(_ error: YamlError, file: String) -> SuiteError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      SuiteError(.data, file: file, line: mark.line, problem)
    case .duplicatedKeysInMapping(let names, let context):
      SuiteError(
        .data, file: file, line: context.mark.line,
        names.map { "'\($0)'" }.joined(separator: ", ") + " is given twice")
    default: SuiteError(.data, file: file, "is not valid YAML")
    }
  }
}
