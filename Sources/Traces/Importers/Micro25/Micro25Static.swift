import Foundation
import ISA

/// The static half of a MICRO 2025 trace: `extra_info/enhanced_execution_info.json`.
struct Micro25Static: Decodable {
  var kernels: [Function]

  struct Function: Decodable {
    var kernel_name: String
    var architecture_version: Int?
    var is_captured_from_binary: Bool
    var unique_function_id: Int
    var instructions: [Entry]
  }

  struct Entry: Decodable {
    var pc_string_hex: String
    var op_code: String
    var is_predicated: Bool?
    var is_uniform_predicate: Bool?
    var is_predicate_negate: Bool?
    var predicate_register: Int?
    var encoded_instruction: [String]?
    var operands: [Operand]?
    var control_bits: Control?
  }

  struct Operand: Decodable {
    var operand_string: String
  }

  struct Control: Decodable {
    var stall_count: Int
    var is_yield: Bool
    var is_new_read_barrier: Bool
    var is_new_write_barrier: Bool
    var id_new_read_barrier: Int
    var id_new_write_barrier: Int
    var wait_barrier_bits: Int
  }

  /// Reads the file that belongs to the trace at `folder`.
  static func read(folder: URL) throws -> Micro25Static {
    let file = folder.appendingPathComponent("extra_info/enhanced_execution_info.json")
    guard let size = try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int
    else {
      throw TraceError(file.path, "cannot be read; it holds the static code of the trace")
    }
    guard size <= 1 << 28 else { throw TraceError(file.path, "is larger than \(1 << 28) bytes") }
    guard let data = try? Data(contentsOf: file) else {
      throw TraceError(file.path, "cannot be read")
    }
    do { return try JSONDecoder().decode(Micro25Static.self, from: data) } catch let error
      as DecodingError
    {
      throw TraceError(file.path, Self.words(error))
    } catch { throw TraceError(file.path, "is no valid JSON") }
  }

  private static func words(_ error: DecodingError) -> String {
    func path(_ keys: [any CodingKey]) -> String {
      keys.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
    switch error {
    case .keyNotFound(let key, let context): return "lacks \(path(context.codingPath + [key]))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(path(context.codingPath)) has the wrong type"
    default: return "is no valid JSON"
    }
  }
}

extension Micro25Static.Entry {
  /// The instruction's SASS text, rebuilt from its parts.
  var text: String {
    var words = ""
    if is_predicated == true {
      words +=
        "@" + (is_predicate_negate == true ? "!" : "") + (is_uniform_predicate == true ? "UP" : "P")
      let register = predicate_register ?? 7
      words += (register == 7 ? "T" : String(register)) + " "
    }
    words += op_code
    let list = (operands ?? []).map(\.operand_string)
    return list.isEmpty ? words : words + " " + list.joined(separator: ", ")
  }

  var encoding: StaticInstruction.Encoding? {
    guard let words = encoded_instruction, words.count == 2,
      let low = UInt64(words[0].replacing("0x", with: ""), radix: 16),
      let high = UInt64(words[1].replacing("0x", with: ""), radix: 16)
    else { return nil }
    return StaticInstruction.Encoding(low: low, high: high)
  }

  /// Control bits; reuse flags come from the encoding, or from `.reuse` in the operands' text.
  var control: ControlCode? {
    guard let bits = control_bits else { return nil }
    func counter(_ used: Bool, _ id: Int) -> UInt8 {
      used && (0..<6).contains(id) ? UInt8(id) : ControlCode.noBarrier
    }
    return ControlCode(
      stall: UInt8(clamping: bits.stall_count) & 15, yield: bits.is_yield,
      writeBarrier: counter(bits.is_new_write_barrier, bits.id_new_write_barrier),
      readBarrier: counter(bits.is_new_read_barrier, bits.id_new_read_barrier),
      waitMask: UInt8(truncatingIfNeeded: bits.wait_barrier_bits) & 63,
      reuse: encoding.map { UInt8(truncatingIfNeeded: $0.high >> 58) & 15 } ?? 0)
  }
}
