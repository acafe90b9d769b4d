/// Compute capability of the code, times ten: 75, 80, 86, 89, 90, 120; older ones (61 …) replay
/// under scoreboards.
public struct Architecture: Hashable, Sendable, Comparable, CustomStringConvertible {
  public var number: Int

  public init(_ number: Int) { self.number = number }

  public static func < (a: Architecture, b: Architecture) -> Bool { a.number < b.number }

  /// 128-bit instructions with control bits began with Volta.
  public var hasControlCodes: Bool { number >= 70 }
  /// Distance between consecutive instructions in bytes.
  public var instructionBytes: UInt32 { number >= 70 ? 16 : 8 }
  public var description: String { "sm_\(number)" }
}
