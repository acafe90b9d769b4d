import ISA

/// Walks a whole container and reports what is wrong with it.
public struct TraceVerifier {
  private let reader: TraceReader

  public init(_ reader: TraceReader) { self.reader = reader }

  /// Checks every chunk, index and count; returns problems in the order found, at most `limit`.
  /// Damage that keeps a chunk from being read is thrown.
  public func problems(limit: Int = 100, progress: (Int, Int) -> Void = { _, _ in }) throws
    -> [String]
  {
    var found: [String] = []
    let total = reader.kernels.reduce(0) { $0 + $1.ctaCount }
    var done = 0
    for (number, kernel) in reader.kernels.enumerated() {
      let name = "kernel \(number + 1) (\(kernel.launch.name))"
      if kernel.ctaCount != kernel.launch.grid.count {
        found.append(
          "\(name): \(kernel.ctaCount) CTAs, but the grid has \(kernel.launch.grid.count)")
      }
      if kernel.code.isEmpty { found.append("\(name): no static code") }
      let exits = Set(
        kernel.code.indices.filter {
          InstructionDecoder.mnemonic(of: kernel.code[$0].text) == "EXIT"
        })
      var executed = 0
      for index in 0..<kernel.ctaCount {
        let cta = try reader.cta(kernel: number, index: index)
        executed += cta.instructions.count
        found += check(cta, kernel, exits, "\(name), CTA (\(cta.x),\(cta.y),\(cta.z))")
        if found.count >= limit { return Array(found.prefix(limit)) }
        done += 1
        progress(done, total)
      }
      if executed != kernel.warpInstructions {
        found.append(
          "\(name): \(executed) warp instructions, but the index says \(kernel.warpInstructions)")
      }
    }
    return found
  }

  private func check(_ cta: CTATrace, _ kernel: TraceKernel, _ exits: Set<Int>, _ place: String)
    -> [String]
  {
    var found: [String] = []
    if cta.warpCount != kernel.launch.warpsPerCTA {
      found.append(
        "\(place): \(cta.warpCount) warps, but the block has \(kernel.launch.warpsPerCTA)")
    }
    for warp in 0..<cta.warpCount {
      let end = cta.warpStarts[warp + 1]
      if end == cta.warpStarts[warp] {
        found.append("\(place), warp \(warp): executes nothing")
      } else if !exits.contains(Int(cta.instructions[end - 1].index)) {
        found.append("\(place), warp \(warp): does not end with EXIT")
      }
    }
    return found
  }
}
