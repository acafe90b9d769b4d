import Foundation
import Machine
import Testing

@testable import Configuration

@Suite("Shipped descriptions")
struct ShippedDescriptionTests {
  @Test("Every GPU loads, is within range, and says where each value is from")
  func allLoad() throws {
    let names = MachineDescription.available(in: Shipped.directory)
    #expect(names.count >= 17)
    for name in names {
      let machine = try Shipped.load(name)
      try machine.spec.validate()
      #expect(machine.values.count > 100, "\(name)")
      #expect(machine.values.allSatisfy { !$0.source.isEmpty && $0.line > 0 }, "\(name)")
    }
  }

  @Test(
    "A GPU's memory bandwidth follows from its memory clock",
    arguments: [
      ("rtx-a6000", 384, 768.0), ("rtx-3080", 320, 760), ("rtx-3080-ti", 384, 912),
      ("rtx-3090", 384, 936), ("a40", 384, 696), ("rtx-3060", 192, 360),
      ("rtx-3060-laptop", 192, 336), ("rtx-4090", 384, 1008), ("rtx-3060-ti", 256, 448),
      ("rtx-3070", 256, 448), ("rtx-3070-ti", 256, 608), ("rtx-4070", 192, 504), ("l40", 384, 864),
      ("rtx-2080-ti", 352, 616), ("rtx-2070-super", 256, 448), ("t4", 256, 320),
      ("a100", 5120, 1555),
    ])
  func bandwidth(name: String, busWidth: Int, gigabytes: Double) throws {
    // Each pin carries four bits per command clock.
    let clock = try Shipped.load(name).spec.clocks.memory.value
    #expect(abs(clock * 4 * Double(busWidth) / 8 / 1000 - gigabytes) < 2)
  }

  @Test("Core clocks and SM counts are those of the published measurements and specifications")
  func clocks() throws {
    let expected = [
      ("rtx-a6000", 84, 1800.0), ("rtx-3080", 68, 1710), ("rtx-3080-ti", 80, 1365),
      ("rtx-3090", 82, 1395), ("rtx-4090", 128, 2520), ("rtx-3060-laptop", 30, 1702),
      ("rtx-3060", 28, 1777), ("rtx-3060-ti", 38, 1665), ("rtx-3070", 46, 1725),
      ("rtx-3070-ti", 48, 1770), ("rtx-4070", 46, 2475), ("l40", 142, 2490),
      ("rtx-2080-ti", 68, 1350), ("rtx-2070-super", 40, 1605), ("t4", 40, 1590),
      ("a100", 108, 1410),
    ]
    for (name, smCount, clock) in expected {
      let spec = try Shipped.load(name).spec
      #expect(spec.smCount == smCount, "\(name)")
      #expect(spec.clocks.core.value == clock, "\(name)")
    }
  }

  @Test(
    "Limits of an SM are those of its compute capability",
    arguments: [
      (75, 32, 16, 96, 64, 0), (80, 64, 32, 192, 164, 1), (86, 48, 16, 128, 100, 1),
      (89, 48, 24, 128, 100, 1),
    ])
  func limits(capability: Int, warps: Int, ctas: Int, unified: Int, shared: Int, reserve: Int)
    throws
  {
    let specs = try MachineDescription.available(in: Shipped.directory).map {
      try Shipped.load($0).spec
    }.filter { $0.architecture == capability }
    #expect(!specs.isEmpty)
    for spec in specs {
      #expect(spec.sm.warps == warps && spec.sm.ctas == ctas, "\(spec.name)")
      #expect(spec.sm.sharedMemory.unifiedCapacity.count == unified << 10, "\(spec.name)")
      #expect(spec.sm.sharedMemory.carveOuts.map(\.count).max() == shared << 10, "\(spec.name)")
      #expect(spec.sm.sharedMemory.reservePerCTA.count == reserve << 10, "\(spec.name)")
    }
  }

  @Test("Sizes of the L2 are the products'")
  func cacheSizes() throws {
    let kibibytes = [
      "rtx-2070-super": 4096, "t4": 4096, "rtx-2080-ti": 5632, "rtx-3060-ti": 4096,
      "rtx-3070": 4096, "rtx-3070-ti": 4096, "rtx-4070": 36864, "l40": 98304, "rtx-4090": 73728,
      "a100": 40960,
    ]
    for (name, size) in kibibytes {
      let l2 = try Shipped.load(name).spec.memory.l2
      #expect(l2.size.count == size << 10, "\(name)")
      // Whole sets, none lost.
      #expect(l2.size.count % (l2.slices * l2.ways * 128) == 0, "\(name)")
    }
  }

  @Test("A resolved description loads again to the same machine")
  func roundTrip() throws {
    for name in MachineDescription.available(in: Shipped.directory) {
      let machine = try Shipped.load(name, "sm.registerFile.readPorts=2")
      let folder = try Scratch(["again.yaml": machine.yaml])
      let again = try MachineDescription.load("again", directory: folder.directory)
      #expect(again.spec == machine.spec)
      #expect(again.hash == machine.hash)
      #expect(again.values.map(\.origin) == machine.values.map(\.origin))
      #expect(again.values.map(\.source) == machine.values.map(\.source))
    }
  }

  @Test("The fingerprint changes with a value and with nothing else")
  func fingerprint() throws {
    let plain = try Shipped.load("rtx-a6000").hash
    #expect(try Shipped.load("rtx-a6000").hash == plain)
    #expect(try Shipped.load("rtx-a6000", "sm.l1.mshrs=385").hash != plain)
    #expect(try Shipped.load("rtx-3080").hash != plain)
  }

  @Test("A fitted value names its target")
  func fittedValuesNameTargets() throws {
    for value in try Shipped.load("rtx-a6000").values where value.origin == .fitted {
      #expect(value.source.split(separator: " ").count >= 3, "\(value.path): \(value.source)")
    }
  }
}
