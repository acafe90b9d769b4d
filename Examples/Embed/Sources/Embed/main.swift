import Configuration
import Foundation
import ISA
import Reports
import Simulation

// What is a second read port of the register file worth, and when is it worth nothing? Two loops
// whose operands lie in one bank and in two, on one SM with one to three ports.

func loop(_ name: String, operands: String) -> String {
  """
  .kernel \(name)
  .block 128
  .loop 64
  .repeat 16 i
  [B------:R-:W-:-:S02] FFMA R{40+2*i}, \(operands)
  .end
  .end
  """
}

do {
  let source = [
    loop("one-bank", operands: "R10, R12, R14"), loop("two-banks", operands: "R10, R11, R14"),
  ]
  let listing = try Listing.parse(Array(source.joined(separator: "\n").utf8), file: "ports")
  var table = TextTable(["kernel", "read ports", "cycles", "IPC", "port stalls"])
  for ports in 1...3 {
    let machine = try MachineDescription.load(
      "rtx-a6000", overrides: ["smCount=1", "sm.registerFile.readPorts=\(ports)"])
    let result = try Simulator(machine: machine).run(ListingProgram(listing), name: "ports")
    for kernel in result.kernels {
      table.add([
        kernel.launch.name, "\(ports)", grouped(kernel.cycles), decimal(kernel.ipc, 2),
        grouped(Int64(kernel.statistics.readPortStalls)),
      ])
    }
  }
  print(table.text)
} catch {
  FileHandle.standardError.write(Data("embed: error: \(error)\n".utf8))
  exit(1)
}
