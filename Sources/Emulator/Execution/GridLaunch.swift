import ISA

/// A kernel and what it is launched with.
public struct GridLaunch: Sendable {
  public var kernel: KernelImage
  public var grid: Dim3
  public var block: Dim3
  /// CTAs of a cluster; (1,1,1) when there are none.
  public var cluster = Dim3(1)
  /// Bytes of dynamic shared memory per CTA.
  public var dynamicShared = 0
  /// The parameters as they stand in the constant bank, from `kernel.parameterBase` on.
  public var parameters: [UInt8]
  public var stream: UInt64 = 0
  /// All CTAs run at once and may wait for each other.
  public var cooperative = false

  public init(kernel: KernelImage, grid: Dim3, block: Dim3, parameters: [UInt8] = []) {
    self.kernel = kernel
    self.grid = grid
    self.block = block
    self.parameters = parameters
  }
}

/// How a grid is executed.
public struct ExecutionOptions: Sendable {
  /// Host threads that execute CTAs; 1 executes them in order, the deterministic default.
  public var threads = 1
  /// Warp instructions after which one CTA counts as an endless loop; 0: never.
  public var instructionLimit = 1 << 30
  /// SMs that the program may see (SR_NSMID, placement of SR_SMID).
  public var smCount = 84
  /// What the clock registers show at the launch's start, in cycles.
  public var startClock: UInt64 = 0
  /// Zeroed device memory that the threads of a cooperative launch meet in.
  public var gridWorkspace: UInt64?
  /// What texture and surface handles stand for.
  public var textures: TextureTable?

  public init() {}
}

/// Takes the streams of executed CTAs.
public protocol LaunchRecorder: AnyObject {
  /// Whether the CTA at `index` (x fastest) is wanted; others execute unrecorded.
  func wants(cta index: Int) -> Bool
  /// Called in CTA order.
  func record(_ cta: CTATrace) throws
}
