import FuzzSupport
import Traces

/// The trace container: index, trailer, chunks.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let path = InputFile.write("fuzz.ntrace", start, count)
  if let reader = try? TraceReader(path: path) { _ = try? TraceVerifier(reader).problems() }
  return 0
}
