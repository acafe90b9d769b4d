// swift-tools-version: 6.1
import PackageDescription

// A program that simulates: `swift run --package-path Examples/Embed`. Elsewhere, name the
// repository's address and a version instead of the path.
let package = Package(
  name: "embed",
  dependencies: [.package(name: "needletail", path: "../..")],
  targets: [
    .executableTarget(
      name: "Embed",
      dependencies: [.product(name: "NeedletailSimulation", package: "needletail")])
  ],
  swiftLanguageModes: [.v6]
)
