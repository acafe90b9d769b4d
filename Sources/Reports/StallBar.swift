import Machine

/// Shares of warp-cycles as a coloured bar, and what the colours mean.
enum StallBar {
  /// Shares that together make at most 1.
  static func bar(
    _ stalls: [(reason: StallReason, share: Double)], leastLabel: Double = 0.18
  ) -> String {
    let parts = stalls.map { stall in
      let share = decimal(stall.share * 100, 1)
      let label =
        stall.share >= leastLabel
        ? HTMLText.escaped(stall.reason.name.replacing("_", with: " ")) : ""
      return "<i class=\"stall \(stall.reason.name)\" style=\"width:\(share)%\" "
        + "title=\"\(stall.reason.name) \(share) %\">\(label)</i>"
    }
    return "<div class=\"stalls\">\(parts.joined())</div>"
  }

  /// The colours of the reasons that came up.
  static func legend(_ reasons: [StallReason]) -> String {
    let items = StallReason.allCases.filter { reasons.contains($0) }.map {
      "<span><i class=\"stall \($0.name)\"></i>"
        + "\(HTMLText.escaped($0.name.replacing("_", with: " "))): "
        + "\(HTMLText.escaped($0.meaning))</span>"
    }
    return "<p class=\"legend\">\(items.joined())</p>"
  }
}
