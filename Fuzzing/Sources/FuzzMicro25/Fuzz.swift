import Foundation
import FuzzSupport
import ISA
import Traces

private struct NullSink: TraceSink {
  mutating func memoryCopy(_ copy: MemoryCopy) throws {}
  mutating func beginKernel(_ launch: KernelLaunch) throws {}
  mutating func append(_ cta: CTATrace) throws {}
  mutating func endKernel(code: [StaticInstruction], warnings: [String]) throws {}
}

/// The MICRO 2025 format: the input is three files, separated by `@@@@`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let data = Data(bytes: start, count: count)
  var parts: [Data] = []
  var rest = data
  while let mark = rest.range(of: Data("@@@@".utf8)) {
    parts.append(rest[..<mark.lowerBound])
    rest = rest[mark.upperBound...]
  }
  parts.append(rest)
  let names = [
    "dynamic_trace.pb", "extra_info/enhanced_execution_info.json",
    "threadblocks/device_0/stream_0/kernel_1/d_0_s_0_k_1_0,0,0.pb",
  ]
  for (name, part) in zip(names, parts) {
    let file = URL(fileURLWithPath: InputFile.folder + "/" + name)
    try? FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try? part.write(to: file)
  }
  var sink = NullSink()
  _ = try? TraceImporter.importTrace(from: InputFile.folder + "/dynamic_trace.pb", into: &sink)
  return 0
}
