import ISA

/// A trace as text, one line per executed warp instruction.
public struct TraceDump {
  private let reader: TraceReader

  public init(_ reader: TraceReader) { self.reader = reader }

  /// Calls `line` for each instruction of a kernel (from 0), of one CTA and warp if they are given,
  /// until it returns false.
  public func lines(kernel: Int, cta wanted: Dim3?, warp: Int?, _ line: (String) throws -> Bool)
    throws
  {
    guard reader.kernels.indices.contains(kernel) else {
      throw TraceError(reader.path, "has no kernel \(kernel + 1)")
    }
    let code = reader.kernels[kernel].code
    for index in 0..<reader.kernels[kernel].ctaCount {
      let cta = try reader.cta(kernel: kernel, index: index)
      if let wanted, wanted != Dim3(cta.x, cta.y, cta.z) { continue }
      for number in 0..<cta.warpCount where warp == nil || warp == number {
        if try !line("CTA (\(cta.x),\(cta.y),\(cta.z)) warp \(number)") { return }
        for position in cta.warpStarts[number]..<cta.warpStarts[number + 1] {
          if try !line(text(cta.instructions[position], code, cta)) { return }
        }
      }
    }
  }

  private func text(_ instruction: DynamicInstruction, _ code: [StaticInstruction], _ cta: CTATrace)
    -> String
  {
    let fixed = code[Int(instruction.index)]
    var text =
      "  " + hexadecimal(UInt64(fixed.pc), 4) + " " + hexadecimal(UInt64(instruction.mask), 8)
      + "  "
    if let control = fixed.control { text += control.notation + " " }
    text += fixed.text
    for slot in 0..<Int(instruction.referenceCount) {
      let reference = cta.references[Int(instruction.reference) + slot]
      if reference.list == AddressReference.none {
        text += "  ; 0x" + String(reference.base, radix: 16) + " stride \(reference.stride)"
      } else {
        let lanes = (0..<instruction.mask.nonzeroBitCount).map {
          "0x" + String(cta.addresses[Int(reference.list) + $0], radix: 16)
        }
        text += "  ; " + lanes.joined(separator: " ")
      }
    }
    return text
  }

  private func hexadecimal(_ value: UInt64, _ width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
