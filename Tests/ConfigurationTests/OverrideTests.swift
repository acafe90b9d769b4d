import Machine
import Testing

@testable import Configuration

@Suite("Overrides from the command line")
struct OverrideTests {
  @Test("An override changes its value and says that it did")
  func changes() throws {
    let machine = try Shipped.load(
      "rtx-a6000", "sm.registerFile.readPorts=2", "sm.dependence.mode=scoreboard",
      "sm.frontEnd.l0.size=64 KiB", "clocks.core=1.5 GHz", "sm.registerFile.cache=false",
      "sm.sharedMemory.carveOuts=[0 KiB, 100 KiB]")
    #expect(machine.spec.sm.registerFile.readPorts == 2)
    #expect(machine.spec.sm.dependence.mode == .scoreboard)
    #expect(machine.spec.sm.frontEnd.l0.size == Bytes(65536))
    #expect(machine.spec.clocks.core == Megahertz(1500))
    #expect(!machine.spec.sm.registerFile.cache)
    #expect(machine.spec.sm.sharedMemory.carveOuts == [Bytes(0), Bytes(102400)])
    let value = try #require(machine.values.first { $0.path == "sm.registerFile.readPorts" })
    #expect(value.text == "2")
    #expect(value.origin == .assumed)
    #expect(value.source == "set on the command line")
    #expect(machine.overrides.count == 6)
  }

  @Test("The last of two overrides counts")
  func last() throws {
    #expect(try Shipped.load("rtx-a6000", "smCount=3", "smCount=7").spec.smCount == 7)
  }

  @Test(
    "A wrong override is a usage error that helps",
    arguments: [
      ("sm.registerFile.readPort=2", "did you mean sm.registerFile.readPorts?"),
      ("sm.readPorts=2", "did you mean sm.registerFile.readPorts?"),
      ("sm.registerFile=2", "is a group of values"),
      ("sm.registerFile.readPorts", "write PATH=VALUE"),
      ("sm.registerFile.readPorts=", "is no value"),
      ("sm.registerFile.readPorts=two", "must be a whole number, not 'two'"),
      ("sm.registerFile.readPorts=-1", "must lie between 0 and 4, not -1"),
      ("sm.registerFile.readPorts={a: 1}", "is no value"),
      ("sm.registerFile.readPorts=*x", "is no value"),
      ("sm.dependence.mode=scorebord", "must be one of controlBits, scoreboard, not 'scorebord'"),
      ("sm.frontEnd.l0.size=64 KB", "must be a size"),
      ("sm.frontEnd.l0.line=96", "must be a power of two"),
      ("clocks.core=1800 KiB", "must be a frequency"),
      ("smCount=99999999999999999999999", "must be a whole number"),
      ("sm.l1.line=999999999999999 GiB", "must be a size"),
      ("sm.warps=7", "must be a multiple of sm.subCores"),
      ("sm.sharedMemory.carveOuts=[0 KiB, many]", "must be a list"),
    ])
  func wrong(override: String, hint: String) throws {
    let error = try #require(throws: ConfigurationError.self) {
      try Shipped.load("rtx-a6000", override)
    }
    #expect(error.kind == .usage)
    #expect("\(error)".contains(hint), "\(error)")
    #expect(!"\(error)".contains("\n"))
  }

  @Test("An unknown GPU is a usage error with the nearest name")
  func unknownGPU() throws {
    let error = try #require(throws: ConfigurationError.self) { try Shipped.load("rtx-a600") }
    #expect(error.kind == .usage)
    #expect(error.message.contains("did you mean rtx-a6000?"))
  }
}
