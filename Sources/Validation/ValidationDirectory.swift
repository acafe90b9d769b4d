import Configuration
import Foundation
import ISA

/// The folder of measurements, suites and the report's page.
public struct ValidationDirectory: Sendable {
  public let path: String

  public init(path: String) { self.path = path }

  /// `NEEDLETAIL_VALIDATION`, or `Validation` beside the executable or an ancestor of it, or in the
  /// working directory or an ancestor of it.
  public static var standard: ValidationDirectory {
    ValidationDirectory(
      path: projectFolder("Validation", holding: "suites", variable: "NEEDLETAIL_VALIDATION"))
  }

  /// Names of all suites.
  public var names: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path + "/suites")) ?? []
    return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
  }

  /// The file of a suite's name, or of a path.
  public func file(for name: String) throws -> String {
    if name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml") { return name }
    if names.contains(name) { return "\(path)/suites/\(name).yaml" }
    guard !names.isEmpty else {
      throw SuiteError(
        .usage,
        "no suites in '\(path)'; set NEEDLETAIL_VALIDATION to the project's Validation folder")
    }
    let near = nearestName(to: name, among: names).map { "; did you mean \($0)?" } ?? ""
    throw SuiteError(
      .usage, "unknown suite '\(name)'\(near) (known: \(names.joined(separator: ", ")))")
  }

  /// Reads suites by name, all of them when none is named: then those that ask for it are left out.
  public func suites(_ wanted: [String]) throws -> [Suite] {
    if wanted.isEmpty {
      guard !names.isEmpty else { _ = try file(for: "any"); return [] }
      return try names.map { try Suite(file: file(for: $0)) }.filter { !$0.isOptional }
    }
    var seen: Set<String> = []
    return try wanted.filter { seen.insert($0).inserted }.map { try Suite(file: file(for: $0)) }
  }
}
