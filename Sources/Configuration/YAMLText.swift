import Foundation

/// Reads YAML that may be damaged or hostile: one node tree, or an error that says where.
enum YAMLText {
  /// Forty times the largest description that ships.
  static let descriptionLimit = 256 << 10

  /// `kind`: what the file should be, for messages; `sizeLimit`: the most bytes it may have.
  static func node(
    ofFile path: String, kind: String = "machine description", sizeLimit: Int = descriptionLimit
  ) throws -> YAMLNode {
    guard let handle = FileHandle(forReadingAtPath: path),
      let data = try? handle.read(upToCount: sizeLimit + 1) ?? Data()
    else {
      throw ConfigurationError(.data, file: path, "there is no such file, or it cannot be read")
    }
    guard data.count <= sizeLimit else {
      throw ConfigurationError(
        .data, file: path, "is larger than \(sizeLimit >> 10) KiB; that is no \(kind)")
    }
    return try node(of: Array(data), file: path)
  }

  static func node(of bytes: [UInt8], file: String) throws -> YAMLNode {
    guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
      throw ConfigurationError(.data, file: file, "is not UTF-8 text")
    }
    return try YAMLParser.document(bytes, file: file)
  }
}
