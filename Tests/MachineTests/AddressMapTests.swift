import Configuration
import Testing

@testable import Machine

@Suite struct AddressMapTests {
  /// Slices, channels and L2 size of shipped and imaginable parts: powers of two and not.
  static let parts: [(slices: Int, channels: Int, kibibytes: Int)] = [
    (48, 24, 6144), (40, 20, 5120), (24, 12, 3072), (72, 24, 73728), (80, 40, 40960),
    (44, 22, 5632),
    (32, 16, 4096), (1, 1, 128), (7, 7, 896),
  ]

  private func map(_ part: (slices: Int, channels: Int, kibibytes: Int)) throws -> AddressMap {
    var spec = try MachineDescription.load("rtx-a6000").spec.memory
    spec.l2.slices = part.slices
    spec.dram.channels = part.channels
    spec.l2.size = Bytes(part.kibibytes * 1024)
    return AddressMap(spec, lineBytes: 128)
  }

  @Test(arguments: parts.indices) func `every line has one place, and every place one line`(
    index: Int
  ) throws {
    let part = Self.parts[index]
    let map = try map(part)
    var state: UInt64 = 7
    for _ in 0..<2000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let line = state >> 24
      let place = map.place(line)
      #expect((0..<part.slices).contains(place.slice))
      #expect((0..<map.setCount).contains(map.set(place.local)))
      #expect(map.line(slice: place.slice, local: place.local) == line)
    }
  }

  @Test(arguments: parts.indices) func `an aligned block of the L2's size fills every set alike`(
    index: Int
  ) throws {
    let part = Self.parts[index]
    let map = try map(part)
    let block = part.slices * map.setCount
    var lines = Array(repeating: 0, count: block)
    for line in 0..<block {
      let place = map.place(UInt64(line + 3 * block))
      lines[place.slice * map.setCount + map.set(place.local)] += 1
    }
    #expect(lines.allSatisfy { $0 == 1 })
  }

  @Test(arguments: parts.indices) func `no stride loads a slice or channel over 1.3 times the mean`(
    index: Int
  ) throws {
    let part = Self.parts[index]
    let map = try map(part)
    let strides = (2...20).map { 1 << $0 } + [12, 96, 384, 1000, 6144, 49152, 786_432, 1_000_000]
    for stride in strides {
      // As many accesses as give each slice 400 lines.
      let linesPerAccess = max(1, 128 / stride)
      let count = 400 * part.slices * linesPerAccess
      var slices = Array(repeating: 0, count: part.slices)
      var channels = Array(repeating: 0, count: part.channels)
      var last = UInt64.max
      for access in 0..<count {
        let line = UInt64(access * stride) / 128
        // Neighbours in a line are one request.
        if line == last { continue }
        last = line
        let place = map.place(line)
        slices[place.slice] += 1
        channels[map.dram(slice: place.slice, local: place.local).channel] += 1
      }
      let total = Double(slices.reduce(0, +))
      let worstSlice = Double(slices.max()!) * Double(part.slices) / total
      let worstChannel = Double(channels.max()!) * Double(part.channels) / total
      #expect(worstSlice <= 1.3, "stride \(stride)")
      #expect(worstChannel <= 1.3, "stride \(stride)")
    }
  }
}
