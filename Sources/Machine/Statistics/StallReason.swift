/// Why a resident warp did not issue in a cycle, or that it did. Every warp-cycle of a resident
/// warp is charged to exactly one of these; names follow Nsight Compute's warp states.
public enum StallReason: UInt8, CaseIterable, Sendable {
  case selected
  case notSelected
  case wait
  case longScoreboard
  case shortScoreboard
  case mathPipeThrottle
  case lgThrottle
  case mioThrottle
  case dispatchStall
  case barrier
  case membar
  case noInstruction
  case imcMiss
  case sleeping
  case drain

  /// The name in JSON and CSV.
  public var name: String {
    switch self {
    case .selected: "selected"
    case .notSelected: "not_selected"
    case .wait: "wait"
    case .longScoreboard: "long_scoreboard"
    case .shortScoreboard: "short_scoreboard"
    case .mathPipeThrottle: "math_pipe_throttle"
    case .lgThrottle: "lg_throttle"
    case .mioThrottle: "mio_throttle"
    case .dispatchStall: "dispatch_stall"
    case .barrier: "barrier"
    case .membar: "membar"
    case .noInstruction: "no_instruction"
    case .imcMiss: "imc_miss"
    case .sleeping: "sleeping"
    case .drain: "drain"
    }
  }

  public var meaning: String {
    switch self {
    case .selected: "issued an instruction"
    case .notSelected: "could issue, but another warp was chosen"
    case .wait: "waits for its stall count"
    case .longScoreboard: "waits for global, local or texture memory"
    case .shortScoreboard: "waits for shared memory, special functions or lane exchange"
    case .mathPipeThrottle: "its execution unit is busy"
    case .lgThrottle: "the queue for global and local memory is full"
    case .mioThrottle: "the queue for shared memory and other I/O is full"
    case .dispatchStall: "the dispatcher is held up by register-file ports"
    case .barrier: "waits for other warps at a CTA barrier"
    case .membar: "waits at a memory fence"
    case .noInstruction: "its instruction buffer is empty (fetch, cache miss or branch)"
    case .imcMiss: "waits for a constant operand"
    case .sleeping: "sleeps (NANOSLEEP)"
    case .drain: "has exited and waits for its memory operations"
    }
  }
}
