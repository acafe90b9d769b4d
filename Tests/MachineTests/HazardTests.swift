import Configuration
import ISA
import Simulation
import Testing

/// The hazard checker knows the latencies from class to class: NAK's table for Ampere, which the
/// smallest stall counts of compiled code confirm (Validation/stall-counts.py).
@Suite struct HazardTests {
  /// Whether `consumer` may issue `distance` cycles behind `producer`.
  private func isSafe(_ producer: String, _ consumer: String, distance: Int) throws -> Bool {
    var listing = "[B------:R-:W-:-:S01] \(producer)\n"
    for _ in 1..<distance { listing += "[B------:R-:W-:-:S01] NOP\n" }
    listing += "[B------:R-:W-:-:S01] \(consumer)\n"
    var options = Simulator.Options()
    options.checksHazards = true
    let machine = try MachineDescription.load("rtx-a6000", overrides: Bench.coreOnly)
    let program = ListingProgram(try Listing.parse(Array(listing.utf8), file: "listing"))
    return try Simulator(machine: machine, options: options).run(program, name: "listing")
      .kernels[0].hazards.isEmpty
  }

  @Test(arguments: [
    ("IADD3 R4, R2, R3, RZ", "LOP3.LUT R5, R4, R2, RZ, 0xc0, !PT", 4),
    ("IADD3 R4, R2, R3, RZ", "FFMA R5, R4, R2, R3", 5),
    ("FFMA R4, R2, R3, R5", "IADD3 R6, R4, R2, RZ", 5),
    ("FFMA R4, R2, R3, R5", "FADD R6, R4, R2", 4),
    // Six: the first one keeps the issue port a cycle longer.
    ("IMAD.WIDE R4, R2, R3, R6", "IMAD.WIDE R8, R4, R3, R6", 5),
    ("IADD3 R4, R2, R3, RZ", "DADD R8, R4, R6", 6),
    ("MOV R4, R2", "HMMA.16816.F32 R16, R4, R8, R16", 7),
    ("MOV R4, R2", "MUFU.RCP R5, R4", 4), ("MOV R4, R2", "LDG.E R5, [R4]", 5),
    ("MOV R4, R2", "STG.E [R8.64], R4", 5), ("HFMA2 R4, R2, R3, R5", "HMUL2 R6, R4, R2", 4),
    ("HMUL2 R4, R2, R3", "PRMT R6, R4, 0x5410, R2", 5),
    ("HADD2.F32 R4, -RZ, R2.H0_H0", "FADD R6, R4, R2", 5),
    ("HMMA.16816.F32 R16, R4, R8, R16", "STG.E [R2.64], R16", 23),
    ("HMMA.16816.F32 R16, R4, R8, R16", "FADD R2, R16, R3", 24),
    ("ISETP.GE.AND P0, PT, R2, R3, PT", "@P0 IADD3 R4, R2, R3, RZ", 13),
    ("ISETP.GE.AND P0, PT, R2, R3, PT", "SEL R4, R2, R3, P0", 4),
    ("HSETP2.GT.AND P0, PT, R2, R3, PT", "SEL R4, R2, R3, P0", 5),
    ("UIADD3 UR4, UR5, UR6, URZ", "UIADD3 UR7, UR4, UR6, URZ", 4),
    ("UIADD3 UR4, UR5, UR6, URZ", "IADD3 R4, R2, UR4, RZ", 6),
    ("UIADD3 UR4, UR5, UR6, URZ", "MUFU.RCP R4, UR4", 9),
    ("UMOV UR4, 0x1", "IADD3 R4, R2, UR4, RZ", 2),
    ("UISETP.GE.AND UP0, UPT, UR4, UR5, UPT", "@UP0 UMOV UR6, UR4", 11),
    // The swap operand is R7 alone, not a pair with R8.
    ("MOV R8, R2", "ATOMS.CAS R4, [R5], R6, R7", 1),
    ("MOV R7, R2", "ATOMS.CAS R4, [R5], R6, R7", 5),
  ])
  func `a result may be read after its latency and not before`(
    producer: String, consumer: String, cycles: Int
  ) throws {
    #expect(try isSafe(producer, consumer, distance: cycles))
    if cycles > 1 { #expect(try !isSafe(producer, consumer, distance: cycles - 1)) }
  }
}
