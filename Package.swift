// swift-tools-version: 6.1
import PackageDescription

// With Swift's runtime and Foundation inside the product.
let foundation = [
  "-use-ld=lld", "-lCoreFoundation", "-l_FoundationICU", "-l_FoundationCShims",
  "-l_FoundationCollections",
]

// One target per room of Docs/architecture.md; Tests/ArchitectureTests holds the arrows.
let package = Package(
  name: "needletail",
  products: [
    .executable(name: "needletail", targets: ["needletail"]),
    // Stands in for libcudart.so.12 and .13 under CUDA programs.
    .library(name: "NeedletailCUDA", type: .dynamic, targets: ["CUDAShim"]),
    // For programs that simulate: Docs/embedding.md.
    .library(
      name: "NeedletailSimulation",
      targets: ["ISA", "Machine", "Traces", "Configuration", "Simulation", "Reports"]),
    // For the package in Fuzzing/.
    .library(name: "NeedletailReaders", targets: ["ISA", "Traces", "Configuration"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(name: "ISA"),
    .target(name: "Machine", dependencies: ["ISA"]),
    .target(
      name: "Traces",
      dependencies: [
        "ISA", "CZstd", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["Importers/Micro25/dynamic_trace.proto"]),
    .target(
      name: "Configuration",
      dependencies: ["ISA", "Machine", .product(name: "Yams", package: "Yams")]),
    .target(name: "Simulation", dependencies: ["Machine", "Traces", "Configuration"]),
    .target(
      name: "Validation",
      dependencies: [
        "ISA", "Machine", "Configuration", "Simulation", .product(name: "Yams", package: "Yams"),
      ]),
    .target(name: "Reports", dependencies: ["Simulation", "Validation"]),
    .target(
      name: "Sweeps",
      dependencies: [
        "ISA", "Configuration", "Simulation", "Reports", "CGuestProcess",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .target(name: "Emulator", dependencies: ["ISA", "Traces"]),
    .target(name: "CCUDARuntime"),
    .target(
      name: "CUDAShim", dependencies: ["Emulator", "ISA", "Traces", "CCUDARuntime"],
      exclude: ["versions.map"],
      linkerSettings: [
        // A program may have no Swift: the runtime is inside.
        .unsafeFlags(["-static-stdlib"] + foundation + ["-Xlinker", "-z", "-Xlinker", "defs"]),
        // Programs ask for the version nodes of the libraries that this one replaces.
        .unsafeFlags([
          "-Xlinker", "--version-script=\(Context.packageDirectory)/Sources/CUDAShim/versions.map",
        ]),
      ]),
    .target(name: "CGuestProcess"),
    .executableTarget(
      name: "needletail",
      dependencies: [
        "CGuestProcess",
        "ISA", "Machine", "Traces", "Configuration", "Simulation", "Validation", "Reports",
        "Sweeps", "Emulator",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      linkerSettings: [
        // Starts in half the time of one that has libraries to find and to relocate. Benchmarks/run
        // counts allocations through the C library, which must be dynamic for that.
        .unsafeFlags(
          [
            Context.environment["NEEDLETAIL_DYNAMIC"] == nil
              ? "-static-executable" : "-static-stdlib"
          ]
            + foundation, .when(configuration: .release))
      ]),
    .testTarget(name: "ISATests", dependencies: ["ISA"]),
    .testTarget(name: "TracesTests", dependencies: ["Traces"]),
    .testTarget(name: "ConfigurationTests", dependencies: ["Configuration"]),
    .testTarget(name: "MachineTests", dependencies: ["Machine", "Simulation", "Emulator"]),
    .testTarget(
      name: "SimulationTests", dependencies: ["Simulation", "Configuration", "Machine", "ISA"]),
    .testTarget(
      name: "ReportsTests",
      dependencies: ["Reports", "Simulation", "Configuration", "Machine", "ISA"]),
    .target(name: "CubinSupport", path: "Tests/CubinSupport"),
    .testTarget(name: "EmulatorTests", dependencies: ["Emulator", "CubinSupport"]),
    .testTarget(
      name: "ValidationTests",
      dependencies: ["Validation", "Reports", "Simulation", "Configuration", "Machine", "ISA"]),
    .testTarget(
      name: "SweepsTests",
      dependencies: [
        "Sweeps", "Simulation", "Configuration", "ISA",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .testTarget(name: "ArchitectureTests"),
    // Plays the CUDA program in the tests of the command line.
    .executableTarget(
      name: "GuestProgram", path: "Tests/GuestProgram", linkerSettings: [.linkedLibrary("dl")]),
    // Examples/Embed has a manifest of its own; here it is built and run by a test.
    .executableTarget(
      name: "Embed",
      dependencies: ["ISA", "Machine", "Traces", "Configuration", "Simulation", "Reports"],
      path: "Examples/Embed/Sources/Embed"),
    .testTarget(
      name: "CommandLineTests",
      dependencies: ["needletail", "GuestProgram", "Embed", "CubinSupport", "Emulator"]),
  ],
  swiftLanguageModes: [.v6]
)
