/// The name with the fewest edits from `word`, the first of several, if it is near enough to be
/// meant.
public func nearestName(to word: String, among names: some Sequence<String>) -> String? {
  let target = Array(word.lowercased().utf8.prefix(128))
  let limit = max(3, target.count / 3)
  var best: (name: String, distance: Int)?
  for name in names {
    let other = Array(name.lowercased().utf8.prefix(128))
    guard abs(other.count - target.count) <= limit else { continue }
    let distance = editDistance(target, other)
    if distance <= limit, distance < best?.distance ?? .max { best = (name, distance) }
  }
  return best?.name
}

/// Insertions, deletions and replacements that turn one word into the other.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let next = min(row[j + 1] + 1, row[j] + 1, diagonal + (x == y ? 0 : 1))
      diagonal = row[j + 1]
      row[j + 1] = next
    }
  }
  return row[b.count]
}
