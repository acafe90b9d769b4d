/// The nearest of `names` to `word` by edit distance, if it is near enough to be meant.
func nearestName(_ word: String, _ names: [String]) -> String? {
  let target = Array(word.lowercased().utf8.prefix(128))
  let ranked = names.map { name in
    (name: name, distance: editDistance(target, Array(name.lowercased().utf8.prefix(128))))
  }
  guard let best = ranked.min(by: { $0.distance < $1.distance }),
    best.distance <= max(3, target.count / 3)
  else { return nil }
  return best.name
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
