/// Pieces of HTML.
enum HTMLText {
  /// Text that shows as it is, in content and in quoted attributes.
  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }

  /// A table; cells are HTML already. Columns whose head begins with `#` hold numbers.
  static func table(_ head: [String], _ rows: [[String]], class name: String = "") -> String {
    let kinds = head.map { $0.hasPrefix("#") ? " class=\"number\"" : "" }
    let titles = zip(head, kinds).map { title, kind in
      "<th\(kind)>\(escaped(title.hasPrefix("#") ? String(title.dropFirst()) : title))</th>"
    }
    let body = rows.map { row in
      "<tr>" + zip(row, kinds).map { "<td\($1)>\($0)</td>" }.joined() + "</tr>"
    }
    return "<table\(name.isEmpty ? "" : " class=\"\(name)\"")><thead><tr>\(titles.joined())</tr>"
      + "</thead>\n<tbody>\n\(body.joined(separator: "\n"))\n</tbody></table>\n"
  }

  /// JSON within a script element: no `</script>` can end it.
  static func json(_ text: String) -> String { text.replacing("</", with: "<\\/") }
}
