import Foundation

/// A folder with measurements, a listing and a suite, gone at the end.
final class SampleFolder {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "needletail-suite-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  func write(_ name: String, _ text: String) throws {
    try text.write(toFile: path(name), atomically: true, encoding: .utf8)
  }

  static let measurements = """
    row,gpu,benchmark,metric,value,unit,clock_MHz,tool,trust,source,caveat
    1,A40,a,m,8,clk,,clock register,A,nowhere,
    2,A40,b,m,10,clk,,clock register,A,nowhere,
    3,A40,c,m,5,clk,,clock register,A,nowhere,

    """

  /// Two kernels: 8 and 5 cycles between their clock reads.
  static let listing = """
    .kernel four
    CS2R.32 R2, SR_CLOCKLO
    NOP
    [B------:R-:W-:-:S04] FADD R1, R2, R3
    FFMA R5, R1, R1, R1
    NOP
    CS2R.32 R3, SR_CLOCKLO
    .kernel one
    CS2R.32 R2, SR_CLOCKLO
    NOP
    [B------:R-:W-:-:S01] FADD R1, R2, R3
    FFMA R5, R1, R1, R1
    NOP
    CS2R.32 R3, SR_CLOCKLO

    """

  static let head = """
    title: A sample
    measurements: m.csv
    gpu: a40
    set: ["smCount=1", "sm.frontEnd.perfectInstructionCache=true"]

    """

  /// Writes measurements and the listing, and a suite with these rows.
  func suite(_ rows: String, head: String = head) throws -> String {
    try write("m.csv", Self.measurements)
    try write("t.sass", Self.listing)
    try write("sample.yaml", head + rows)
    return path("sample.yaml")
  }
}
