import ArgumentParser
import CGuestProcess
import Configuration
import Foundation
import ISA
import Machine
import Reports
import Simulation
import Sweeps
import Traces
import Validation

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
    if let interruption = error as? GuestInterruption {
      write("needletail: error: \(interruption)\n")
      needletail_end_by_signal(interruption.signal)
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
      switch error {
      case .noSuchKernel: usage
      case .lostEvents: failed
      case .tooFewWaves, .unsupported: badData
      }
    case let error as StoreError: error.kind == .usage ? usage : failed
    case is InputError, is StoredRunError: badData
    case is OutputError, is HazardError, is ShortfallError, is SweepError, is SlurmError:
      failed
    case let error as GuestError: error.status
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
      } else if let place = plainFile(path) {
        // Through a temporary file: an older result is not lost when the disk is full.
        try data.write(to: URL(fileURLWithPath: place), options: .atomic)
      } else {
        // A pipe or device is written, not replaced.
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.write(contentsOf: data)
        try handle.close()
      }
    } catch {
      let name = path == "-" ? "standard output" : path
      throw OutputError("\(name): cannot be written (\(reason(error)))")
    }
  }

  static func write(_ text: String, to path: String = "-") throws {
    try write(Data(text.utf8), to: path)
  }

  /// Writes in pieces, which `body` gives to what it gets, more than memory holds. The file is called
  /// `….partial` until it is whole.
  static func write(to path: String, _ body: (([UInt8]) throws -> Void) throws -> Void) throws {
    guard path != "-", let place = plainFile(path) else {
      let descriptor = path == "-" ? dup(STDOUT_FILENO) : open(path, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw refusal(path) }
      let file = try OutputFile(
        descriptor: descriptor, reportedAs: path == "-" ? "standard output" : path,
        isCompressed: false)
      try body(file.write)
      return try file.close()
    }
    // Two runs that write one file do not meet in it.
    let partial = "\(place).\(String(UInt64.random(in: 0 ... .max), radix: 16)).partial"
    do {
      let file = try OutputFile(writing: partial, reportedAs: path, isCompressed: false)
      try body(file.write)
      try file.close()
      guard rename(partial, place) == 0 else { throw refusal(path) }
    } catch {
      unlink(partial)
      throw error
    }
  }

  private static func refusal(_ path: String) -> OutputError {
    OutputError("\(path): cannot be written (\(String(cString: strerror(errno))))")
  }

  /// The plain file that `path` leads to, or a name that is still free; nil for what is no plain file.
  static func plainFile(_ path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return path }
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    return URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }

  /// What the system says.
  private static func reason(_ error: any Error) -> String {
    var current: NSError? = error as NSError
    while let error = current {
      if error.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(error.code))) }
      current = error.userInfo[NSUnderlyingErrorKey] as? NSError
    }
    return errno != 0 ? String(cString: strerror(errno)) : "unknown reason"
  }
}
