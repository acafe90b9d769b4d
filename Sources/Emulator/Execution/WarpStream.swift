import ISA

/// The dynamic stream of one warp while it is recorded.
struct WarpStream {
  var instructions: [DynamicInstruction] = []
  var references: [AddressReference] = []
  var addresses: [UInt64] = []

  @inline(__always)
  mutating func append(index: Int, mask: UInt32) {
    instructions.append(DynamicInstruction(index: UInt32(truncatingIfNeeded: index), mask: mask))
  }

  /// Adds the addresses of the executing lanes to the last instruction.
  mutating func reference(_ values: UnsafeBufferPointer<UInt64>) {
    guard let first = values.first else { return }
    var reference = AddressReference(base: first)
    if values.count > 1 {
      let stride = values[1] &- first
      var isRegular = true
      for index in 2..<max(2, values.count) where values[index] &- values[index - 1] != stride {
        isRegular = false
        break
      }
      if isRegular {
        reference.stride = Int64(bitPattern: stride)
      } else {
        reference.list = UInt32(truncatingIfNeeded: addresses.count)
        addresses.append(contentsOf: values)
      }
    }
    let last = instructions.count - 1
    if instructions[last].referenceCount == 0 {
      instructions[last].reference = UInt32(truncatingIfNeeded: references.count)
    }
    instructions[last].referenceCount += 1
    references.append(reference)
  }
}
