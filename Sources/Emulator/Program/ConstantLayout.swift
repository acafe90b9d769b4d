import ISA

/// Where a launch's sizes and windows stand in constant bank 0, in bytes.
///
/// Seen in code that the compilers emit; only the parameters' offset is documented (the cubin's
/// `.nv.info` says it too).
public struct ConstantLayout: Sendable {
  /// Three 32-bit sizes.
  public let blockSize: Int
  public let gridSize: Int
  /// 64-bit bases of the generic windows; none where the code asks a special register.
  public let sharedWindow: Int?
  public let localWindow: Int
  /// Initial stack pointer, 32 bits.
  public let stack: Int
  public let parameters: Int
  /// Low and high word of the address of the workspace in which the threads of a cooperative
  /// launch meet: a counter at its fourth byte, zero at first.
  public let gridWorkspace: (low: Int, high: Int)?
  /// What a kernel asks about its cluster; none before sm_90.
  let cluster: Cluster?

  struct Cluster {
    /// 1 where the launch says a cluster's size.
    var isExplicit: Int
    /// CTAs of a cluster along x, y and z.
    var sides: Int
    /// Their reciprocals, as floats.
    var reciprocals: Int
    /// Clusters of the grid along x, y and z.
    var counts: Int
    /// CTAs of a cluster.
    var size: Int
  }

  public init(_ architecture: Architecture) {
    switch architecture.number {
    case ..<90:
      (blockSize, gridSize, sharedWindow, localWindow) = (0, 0xc, 0x18, 0x20)
      (stack, parameters, gridWorkspace) = (0x28, 0x160, (0x90, 0x8c))
      cluster = nil
    case ..<100:
      (blockSize, gridSize, sharedWindow, localWindow) = (0, 0xc, nil, 0x20)
      (stack, parameters, gridWorkspace) = (0x28, 0x210, (0x48, 0x44))
      cluster = Cluster(
        isExplicit: 0x140, sides: 0x144, reciprocals: 0x150, counts: 0x15c, size: 0x188)
    default:
      // The workspace and what concerns clusters come in blocks, chosen by SR_CgaSize: see there.
      (blockSize, gridSize, sharedWindow, localWindow) = (0x360, 0x370, nil, 0x2f8)
      (stack, parameters, gridWorkspace) = (0x37c, 0x380, (0x258, 0x254))
      cluster = Cluster(
        isExplicit: 0x36c, sides: 0x2a0, reciprocals: 0x2b0, counts: 0x2c0, size: 0x2cc)
    }
  }
}
