/// Everything that a GPU model is built from: the resolved machine description.
///
/// Each field has its value and its provenance in `Configs/`; nothing in this module has a
/// default of its own.
public struct GPUSpec: Codable, Hashable, Sendable {
  /// Product name for people, such as "NVIDIA RTX A6000".
  public var name: String
  /// Compute capability times ten: 86 for GA10x.
  public var architecture: Int
  /// What measurements this description was checked against, in a sentence.
  public var validation: String
  public var clocks: Clocks
  /// Streaming multiprocessors on the product.
  public var smCount: Int
  public var sm: SMSpec
  public var launch: LaunchSpec
  public var memory: MemorySystemSpec

  public struct Clocks: Codable, Hashable, Sendable {
    /// Core (SM, interconnect, L2) clock.
    public var core: Megahertz
    /// Memory command clock: a quarter of a GDDR6 pin's data rate.
    public var memory: Megahertz
  }
}

/// Kernel and CTA launch.
public struct LaunchSpec: Codable, Hashable, Sendable {
  /// Cycles between a kernel becoming runnable and its first CTA starting.
  public var kernelLatency: Int
  /// Cycles between the end of a kernel's last CTA and the end of the kernel.
  public var drainLatency: Int
  /// Cycles between a CTA's end and the start of the CTA that takes its place.
  public var ctaLatency: Int
  /// Cycles between the starts of two CTAs anywhere on the GPU.
  public var ctaInterval: Int
  /// How CTAs are spread over SMs.
  public var placement: Placement
  /// Kernels of different streams that may be resident at once.
  public var concurrentKernels: Int

  public enum Placement: String, Codable, Hashable, Sendable, CaseIterable {
    /// One CTA to each SM in turn; the first SM of every TPC before the second ones.
    case roundRobin
    /// Each SM is filled before the next one.
    case fill
  }
}
