import ISA

/// A kernel image with its code decoded; made once, launched many times.
public final class ExecutableKernel: @unchecked Sendable {
  public let image: KernelImage
  let operations: UnsafeMutableBufferPointer<Operation>
  let pool: ConstantPool
  /// Instructions that cannot be executed and why, by index; a fault only when they are reached.
  public let unsupported: [Int: String]

  public init(_ image: KernelImage) {
    self.image = image
    pool = ConstantPool()
    var failures: [Int: String] = [:]
    var decoded: [Operation] = []
    decoded.reserveCapacity(image.code.count)
    for (index, instruction) in image.code.enumerated() {
      do {
        decoded.append(
          try InstructionRules.decode(instruction, architecture: image.architecture, pool: pool))
      } catch {
        let reason = (error as? UnsupportedInstruction)?.reason ?? "\(error)"
        failures[index] = reason
        var operation = Operation { _, _ in
          throw EmulationFault(.unsupported, "unsupported instruction (\(reason))")
        }
        operation.runsAlways = false
        decoded.append(operation)
      }
    }
    unsupported = failures
    operations = .allocate(capacity: decoded.count)
    _ = operations.initialize(from: decoded)
  }

  deinit {
    operations.deinitialize()
    operations.deallocate()
  }
}
