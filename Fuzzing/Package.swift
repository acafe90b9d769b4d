// swift-tools-version: 6.1
import PackageDescription

func target(_ name: String) -> Target {
  .executableTarget(
    name: name,
    dependencies: ["FuzzSupport", .product(name: "NeedletailReaders", package: "needletail")])
}

// Coverage-guided fuzzing of every reader; ./run builds and starts one of them.
let package = Package(
  name: "needletail-fuzzing",
  dependencies: [.package(name: "needletail", path: "..")],
  targets: [
    .target(name: "FuzzSupport"), target("FuzzContainer"), target("FuzzAccelSim"),
    target("FuzzMicro25"), target("FuzzListing"), target("FuzzDescription"),
  ],
  swiftLanguageModes: [.v6]
)
