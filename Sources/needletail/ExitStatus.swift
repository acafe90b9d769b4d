import ArgumentParser
import Configuration
import Foundation
import ISA
import Machine
import Simulation
import Traces

/// Exit statuses of the command line, and the one line that says what went wrong.
enum ExitStatus {
  static let failed: Int32 = 1
  static let usage: Int32 = 2
  static let badData: Int32 = 65

  /// Ends the program as the error deserves: help and version are no errors.
  static func exit(with error: any Error) -> Never {
    let code = Needletail.exitCode(for: error)
    if code == ExitCode.success { Needletail.exit(withError: error) }
    if let status = status(of: error) {
      write("needletail: error: \(error)\n")
      Foundation.exit(status)
    }
    if let chosen = error as? ExitCode { Foundation.exit(chosen.rawValue) }
    // Everything else is the argument parser's: wrong usage.
    write("needletail: error: " + Needletail.message(for: error) + "\n")
    Foundation.exit(usage)
  }

  /// Exit status of the project's own errors.
  private static func status(of error: any Error) -> Int32? {
    switch error {
    case let error as ConfigurationError: error.kind == .usage ? usage : badData
    case is ListingError: badData
    case let error as TraceError: error.isSystemFailure ? failed : badData
    case let error as EngineError:
      if case .deadlock = error { failed } else { badData }
    case let error as SimulationError:
      if case .noSuchKernel = error { usage } else { badData }
    case is InputError: badData
    case is OutputError: failed
    default: nil
    }
  }

  static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// An input that cannot be read.
struct InputError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A result that cannot be written.
struct OutputError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Writes results to a file, or to standard output for `-`.
enum Output {
  static func write(_ data: Data, to path: String) throws {
    do {
      if path == "-" {
        try FileHandle.standardOutput.write(contentsOf: data)
      } else {
        try data.write(to: URL(fileURLWithPath: path), options: .atomic)
      }
    } catch {
      throw OutputError(
        "\(path == "-" ? "standard output" : path): cannot be written (\(reason(error)))")
    }
  }

  static func write(_ text: String, to path: String = "-") throws {
    try write(Data(text.utf8), to: path)
  }

  private static func reason(_ error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    let code = underlying?.code ?? 0
    return code > 0 ? String(cString: strerror(Int32(code))) : error.localizedDescription
  }
}
