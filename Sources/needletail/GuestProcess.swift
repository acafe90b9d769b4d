import CGuestProcess
import Foundation

/// Runs the program and ends it with this process.
enum GuestProcess {
  enum Reason: Equatable {
    case status(Int32)
    case signal(Int32)
  }

  struct End {
    var reason: Reason
    /// The signal by which the user asked for the end.
    var interruption: Int32?
  }

  /// Milliseconds that a program has between the first request to end and its death.
  private static let grace = 2000

  /// Waits for the program; `shows`: a terminal sees what runs.
  static func run(
    _ path: String, arguments: [String], environment: [String: String], status: GuestStatus,
    shows: Bool
  ) throws -> End {
    needletail_catch_signals()
    let process = try start(path, arguments, environment)
    var interruption: Int32?
    var deadline: Date?
    while true {
      var reported = pollfd(fd: status.descriptor, events: Int16(POLLIN), revents: 0)
      // Signals and the program's end interrupt the wait, or come just before it.
      poll(&reported, 1, 20)
      status.read()
      if shows, let line = status.progress { ExitStatus.write("\r\u{1b}[K\(line)") }
      if let reason = finished(process) {
        if shows { ExitStatus.write("\r\u{1b}[K") }
        status.read()
        return End(reason: reason, interruption: interruption)
      }
      var fromTerminal = false
      let signal = needletail_next_signal(&fromTerminal)
      if signal != 0 {
        // Whoever asks twice does not want to wait.
        if interruption != nil { kill(process, SIGKILL) }
        interruption = interruption ?? signal
        deadline = deadline ?? Date(timeIntervalSinceNow: Double(grace) / 1000)
        if !fromTerminal { kill(process, signal) }
      }
      if let limit = deadline, Date() > limit {
        kill(process, SIGKILL)
        deadline = .distantFuture
      }
    }
  }

  private static func start(
    _ path: String, _ arguments: [String], _ environment: [String: String]
  ) throws -> pid_t {
    var list: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] =
      environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in list + variables { free(text) } }
    var process: pid_t = 0
    let error = needletail_spawn(path, &list, &variables, &process)
    guard error != 0 else { return process }
    if error == EAGAIN || error == ENOMEM {
      throw OutputError("\(path): cannot be started (\(String(cString: strerror(error))))")
    }
    throw InputError(
      "\(path): cannot be executed (\(String(cString: strerror(error)))); is it a program for "
        + "this machine?")
  }

  /// How the program ended; nil while it runs.
  private static func finished(_ process: pid_t) -> Reason? {
    var status: Int32 = 0
    guard waitpid(process, &status, WNOHANG) == process else { return nil }
    let signal = status & 0x7f
    return signal == 0 ? .status(status >> 8 & 0xff) : .signal(signal)
  }

  static func text(of signal: Int32) -> String {
    strsignal(signal).map { String(cString: $0) } ?? "unknown"
  }
}
