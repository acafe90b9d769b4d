import FuzzSupport
import ISA
import Traces

/// Throws everything away.
private struct NullSink: TraceSink {
  mutating func memoryCopy(_ copy: MemoryCopy) throws {}
  mutating func beginKernel(_ launch: KernelLaunch) throws {}
  mutating func append(_ cta: CTATrace) throws {}
  mutating func endKernel(code: [StaticInstruction], warnings: [String]) throws {}
}

/// Accel-Sim's text traces, and whatever the importer takes the bytes for.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let path = InputFile.write("kernel-1.traceg", start, count)
  var sink = NullSink()
  _ = try? TraceImporter.importTrace(from: path, into: &sink)
  return 0
}
