import ISA
import Testing

@testable import Machine

/// How often shared memory's banks are read for one access of a warp. By NVIDIA's answer in
/// forums.developer.nvidia.com/t/77228, LDS.128 takes four requests, and two if lanes n and n^1, or
/// n and n^2, have the same addresses.
struct SharedMemoryTests {
  @Test func `as many groups of lanes as registers go back`() {
    #expect(passes(bytes: 16) { $0 * 16 } == 4)
    #expect(passes(bytes: 16) { _ in 0 } == 2)
    #expect(passes(bytes: 16) { $0 / 2 * 16 } == 2)
    #expect(passes(bytes: 16) { $0 % 2 * 16 + $0 / 4 * 32 } == 2)
    #expect(passes(bytes: 16) { $0 % 4 * 16 } == 4)
    #expect(passes(bytes: 8) { $0 * 8 } == 2)
    #expect(passes(bytes: 8) { $0 / 2 * 8 } == 1)
    #expect(passes(bytes: 4) { $0 * 4 } == 1)
  }

  @Test func `conflicts count within a group`() {
    // Eight lanes 32 bytes apart meet in half of the banks, and so do sixteen 16 apart.
    #expect(passes(bytes: 16) { $0 % 16 * 32 } == 8)
    #expect(passes(bytes: 8) { $0 * 16 } == 4)
    #expect(passes(bytes: 4) { $0 * 8 } == 2)
  }

  @Test func `lanes that do not execute take no part`() {
    // One lane of each pair: nobody disagrees.
    #expect(passes(bytes: 16, lanes: 0x5555_5555) { $0 * 8 } == 2)
    // One quarter of the warp.
    #expect(passes(bytes: 16, lanes: 0x0000_ff00) { $0 * 16 } == 1)
  }

  private func passes(
    bytes: Int, lanes: UInt32 = .max, _ address: (UInt64) -> UInt64
  ) -> Int {
    var pool: [UInt64] = []
    for lane in 0..<UInt64(32) where lanes >> lane & 1 != 0 { pool.append(address(lane)) }
    var coalescer = Coalescer()
    pool.withUnsafeMutableBufferPointer {
      coalescer.load(AddressReference(base: 0, list: 0), $0.baseAddress!, mask: lanes)
    }
    return coalescer.sharedPasses(bytes: bytes, banks: 32)
  }
}
