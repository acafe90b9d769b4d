import ArgumentParser
import Configuration
import Foundation
import Reports

/// `needletail gpus`: which machines there are, and how far each is validated.
struct GPUsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gpus", abstract: "List the GPUs that can be simulated.")

  @Option(help: ArgumentHelp("Write the list as JSON; - for standard output.", valueName: "file"))
  var json: String?

  private struct Entry: Encodable {
    let name: String
    let product: String
    let architecture: Int
    let sms: Int
    let coreMHz: Double
    let validation: String
  }

  func run() throws {
    let entries = try ConfigurationDirectory.standard.names.map { name in
      let machine = try MachineDescription.load(name)
      return Entry(
        name: name, product: machine.spec.name, architecture: machine.spec.architecture,
        sms: machine.spec.smCount, coreMHz: machine.spec.clocks.core.value,
        validation: machine.spec.validation)
    }
    if let json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      var data = try encoder.encode(entries)
      data.append(10)
      try Output.write(data, to: json)
      return
    }
    var table = TextTable(["name", "product", "arch", "SMs", "core MHz", "validated against"])
    for entry in entries {
      table.add([
        entry.name, entry.product, "sm_\(entry.architecture)", String(entry.sms),
        decimal(entry.coreMHz, 0),
        entry.validation,
      ])
    }
    try Output.write(table.text)
  }
}

/// `needletail gpu show`: the resolved description with the provenance of each value.
struct GPUCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gpu", abstract: "Look at one GPU's description.", subcommands: [Show.self])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Every value of a GPU's description, and where it is from.")

    @Argument(help: "A GPU's name or a YAML file.")
    var name: String

    @Option(
      name: .customLong("set"), parsing: .singleValue,
      help: ArgumentHelp("Override a value.", valueName: "path=value"))
    var overrides: [String] = []

    @Option(
      help: ArgumentHelp("Write the values as JSON; - for standard output.", valueName: "file"))
    var json: String?

    @Option(
      help: ArgumentHelp(
        "Write the description as one YAML file that --gpu takes; - for standard output.",
        valueName: "file"))
    var yaml: String?

    private struct Value: Encodable {
      let path, value, origin, source: String
    }

    func run() throws {
      let machine = try MachineDescription.load(name, overrides: overrides)
      if let yaml { try Output.write(machine.yaml, to: yaml) }
      if let json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        var data = try encoder.encode(
          machine.values.map {
            Value(path: $0.path, value: $0.text, origin: $0.origin.rawValue, source: $0.source)
          })
        data.append(10)
        try Output.write(data, to: json)
      }
      guard yaml == nil && json == nil else { return }
      var table = TextTable(["value of", "is", "origin", "source"])
      for value in machine.values {
        table.add([value.path, value.text, value.origin.rawValue, value.source])
      }
      try Output.write(table.text + "fingerprint \(machine.hash)\n")
    }
  }
}
