/// A value of a YAML document, and the line in which it begins.
struct YAMLNode {
  enum Content {
    case scalar(String)
    case list([YAMLNode])
    case mapping([(key: YAMLNode, value: YAMLNode)])
  }

  let content: Content
  /// From 1.
  let line: Int

  var scalar: String? { if case .scalar(let text) = content { text } else { nil } }
}
