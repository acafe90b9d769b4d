import ISA

/// Collects one CTA's streams while they are read.
struct CTABuilder {
  private var starts: [Int] = [0]
  private var instructions: [DynamicInstruction] = []
  var references: [AddressReference] = []
  var addresses: [UInt64] = []

  var warps: Int { starts.count - 1 }
  var instructionCount: Int { instructions.count }

  mutating func append(_ instruction: DynamicInstruction) { instructions.append(instruction) }
  mutating func endWarp() { starts.append(instructions.count) }

  mutating func removeAll() {
    starts = [0]
    instructions.removeAll(keepingCapacity: true)
    references.removeAll(keepingCapacity: true)
    addresses.removeAll(keepingCapacity: true)
  }

  /// The addresses from `list` on as a reference; evenly spaced ones become base and stride.
  mutating func simplified(list: Int) -> AddressReference {
    let base = addresses[list]
    let stride = addresses.count - list > 1 ? Int64(bitPattern: addresses[list + 1] &- base) : 0
    for index in list..<addresses.count
    where addresses[index] != base &+ UInt64(bitPattern: stride &* Int64(index - list)) {
      return AddressReference(base: base, list: UInt32(list))
    }
    addresses.removeLast(addresses.count - list)
    return AddressReference(base: base, stride: stride)
  }

  func finish(x: UInt32, y: UInt32, z: UInt32) -> CTATrace {
    CTATrace(
      x: x, y: y, z: z, warpStarts: starts, instructions: instructions, references: references,
      addresses: addresses)
  }
}
