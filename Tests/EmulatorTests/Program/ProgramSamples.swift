import CubinSupport
@testable import Emulator

/// Code that nvcc 13.5 made of the sources shown (`-arch=sm_86`), as `cuobjdump -sass` prints it
/// without the padding, and cubins around it.
enum ProgramSamples {
  /// ```
  /// __device__ float factor = 2.0f;
  /// __device__ float *target;
  /// __constant__ float bias[2];
  /// __global__ void scale(float *x, int n) {
  ///   int i = blockIdx.x * blockDim.x + threadIdx.x;
  ///   if (i < n) target[i] = x[i] * factor + bias[1];
  /// }
  /// ```
  static let scaleText = """
    code for sm_86
    .target	sm_86
    Function : _Z5scalePfi
    /*0000*/ MOV R1, c[0x0][0x28] ; /* 0x00000a0000017a02 */
            /* 0x000fe40000000f00 */
    /*0010*/ S2R R9, SR_CTAID.X ; /* 0x0000000000097919 */
            /* 0x000e280000002500 */
    /*0020*/ S2R R0, SR_TID.X ; /* 0x0000000000007919 */
            /* 0x000e240000002100 */
    /*0030*/ IMAD R9, R9, c[0x0][0x0], R0 ; /* 0x0000000009097a24 */
            /* 0x001fca00078e0200 */
    /*0040*/ ISETP.GE.AND P0, PT, R9, c[0x0][0x168], PT ; /* 0x00005a0009007a0c */
            /* 0x000fda0003f06270 */
    /*0050*/ @P0 EXIT ; /* 0x000000000000094d */
            /* 0x000fea0003800000 */
    /*0060*/ MOV R2, 0x4 ; /* 0x0000000400027802 */
            /* 0x000fe20000000f00 */
    /*0070*/ ULDC.64 UR4, c[0x0][0x118] ; /* 0x0000460000047ab9 */
            /* 0x000fe20000000a00 */
    /*0080*/ MOV R4, c[0x4][0x0] ; /* 0x0100000000047a02 */
            /* 0x000fe40000000f00 */
    /*0090*/ MOV R6, c[0x4][0x8] ; /* 0x0100020000067a02 */
            /* 0x000fe20000000f00 */
    /*00a0*/ IMAD.WIDE R2, R9, R2, c[0x0][0x160] ; /* 0x0000580009027625 */
            /* 0x000fe200078e0202 */
    /*00b0*/ MOV R7, c[0x4][0xc] ; /* 0x0100030000077a02 */
            /* 0x000fe40000000f00 */
    /*00c0*/ MOV R5, c[0x4][0x4] ; /* 0x0100010000057a02 */
            /* 0x000fc60000000f00 */
    /*00d0*/ LDG.E R3, [R2.64] ; /* 0x0000000402037981 */
            /* 0x000ea8000c1e1900 */
    /*00e0*/ LDG.E R4, [R4.64] ; /* 0x0000000404047981 */
            /* 0x000ea8000c1e1900 */
    /*00f0*/ LDG.E.64 R6, [R6.64] ; /* 0x0000000406067981 */
            /* 0x000ee2000c1e1b00 */
    /*0100*/ FFMA R11, R4, R3, c[0x3][0x4] ; /* 0x00c00100040b7623 */
            /* 0x004fe20000000003 */
    /*0110*/ IMAD.WIDE R8, R9, 0x4, R6 ; /* 0x0000000409087825 */
            /* 0x008fca00078e0206 */
    /*0120*/ STG.E [R8.64], R11 ; /* 0x0000000b08007986 */
            /* 0x000fe2000c101904 */
    /*0130*/ EXIT ; /* 0x000000000000794d */
            /* 0x000fea0003800000 */
    /*0140*/ BRA 0x140; /* 0xfffffff000007947 */
            /* 0x000fc0000383ffff */
    """

  /// Separately compiled (`-rdc=true -Xptxas -O1`) and linked:
  /// ```
  /// __device__ __noinline__ int twice(int x) { return 2 * x; }
  /// __device__ __noinline__ int countdown(int x) {
  ///   int s = 0;
  /// #pragma unroll 1
  ///   while (x > 0) { s += x; x -= 3; }
  ///   return s;
  /// }
  /// typedef int (*Function)(int);
  /// __device__ Function pointer = countdown;
  /// __global__ void calls(int *out) {
  ///   out[threadIdx.x] = twice(threadIdx.x) + pointer(threadIdx.x);
  /// }
  /// ```
  static let callsText = """
    code for sm_86
    .target	sm_86
    Function : _Z5twicei
    /*0000*/ SHF.L.U32 R4, R4, 0x1, RZ ; /* 0x0000000104047819 */
            /* 0x000fe200000006ff */
    /*0010*/ RET.ABS.NODEC R20 0x0 ; /* 0x0000000014007950 */
            /* 0x000fec0003e00000 */
    /*0020*/ BRA 0x20; /* 0xfffffff000007947 */
            /* 0x000fc0000383ffff */
    Function : _Z9countdowni
    /*0000*/ MOV R0, R4 ; /* 0x0000000400007202 */
            /* 0x000fc80000000f00 */
    /*0010*/ ISETP.GE.AND P0, PT, R0, 0x1, PT ; /* 0x000000010000780c */
            /* 0x000fe20003f06270 */
    /*0020*/ BSSY B0, 0xc0 ; /* 0x0000009000007945 */
            /* 0x000fe20003800000 */
    /*0030*/ MOV R4, RZ ; /* 0x000000ff00047202 */
            /* 0x000fd60000000f00 */
    /*0040*/ @!P0 BRA 0xb0 ; /* 0x0000006000008947 */
            /* 0x000fea0003800000 */
    /*0050*/ IADD3 R3, R0, 0x3, RZ ; /* 0x0000000300037810 */
            /* 0x000fe40007ffe0ff */
    /*0060*/ MOV R4, RZ ; /* 0x000000ff00047202 */
            /* 0x000fe40000000f00 */
    /*0070*/ IADD3 R3, R3, -0x3, RZ ; /* 0xfffffffd03037810 */
            /* 0x000fc80007ffe0ff */
    /*0080*/ ISETP.GT.AND P0, PT, R3.reuse, 0x3, PT ; /* 0x000000030300780c */
            /* 0x040fe20003f04270 */
    /*0090*/ IMAD.IADD R4, R3, 0x1, R4 ; /* 0x0000000103047824 */
            /* 0x000fd800078e0204 */
    /*00a0*/ @P0 BRA 0x70 ; /* 0xffffffc000000947 */
            /* 0x000fea000383ffff */
    /*00b0*/ BSYNC B0 ; /* 0x0000000000007941 */
            /* 0x000fea0003800000 */
    /*00c0*/ RET.ABS.NODEC R20 0x0 ; /* 0x0000000014007950 */
            /* 0x000fea0003e00000 */
    /*00d0*/ BRA 0xd0; /* 0xfffffff000007947 */
            /* 0x000fc0000383ffff */
    Function : _Z5callsPi
    /*0000*/ MOV R1, c[0x0][0x28] ; /* 0x00000a0000017a02 */
            /* 0x000fe40000000f00 */
    /*0010*/ S2R R2, SR_TID.X ; /* 0x0000000000027919 */
            /* 0x000e220000002100 */
    /*0020*/ ULDC.64 UR36, c[0x0][0x118] ; /* 0x0000460000247ab9 */
            /* 0x000fe20000000a00 */
    /*0030*/ MOV R4, R2 ; /* 0x0000000200047202 */
            /* 0x001fc60000000f00 */
    /*0040*/ MOV R20, 0x0 ; /* 0x0000000000147802 */
            /* 0x000fe40000000f00 */
    /*0050*/ MOV R21, 0x0 ; /* 0x0000000000157802 */
            /* 0x000fc80000000f00 */
    /*0060*/ CALL.ABS.NOINC 0x0 ; /* 0x0000000000007943 */
            /* 0x000fea0003c00000 */
    /*0070*/ UMOV UR4, 0x0 ; /* 0x0000000000047882 */
            /* 0x000fe40000000000 */
    /*0080*/ UMOV UR5, 0x0 ; /* 0x0000000000057882 */
            /* 0x000fe20000000000 */
    /*0090*/ IMAD.U32 R6, RZ, RZ, UR4 ; /* 0x00000004ff067e24 */
            /* 0x000fe4000f8e00ff */
    /*00a0*/ IMAD.U32 R7, RZ, RZ, UR5 ; /* 0x00000005ff077e24 */
            /* 0x000fcc000f8e00ff */
    /*00b0*/ LDG.E.64 R6, [R6.64] ; /* 0x0000002406067981 */
            /* 0x000f62000c1e1b00 */
    /*00c0*/ MOV R17, R4 ; /* 0x0000000400117202 */
            /* 0x000fe40000000f00 */
    /*00d0*/ MOV R4, R2 ; /* 0x0000000200047202 */
            /* 0x000fe40000000f00 */
    /*00e0*/ MOV R20, 0x0 ; /* 0x0000000000147802 */
            /* 0x000fe40000000f00 */
    /*00f0*/ MOV R21, 0x0 ; /* 0x0000000000157802 */
            /* 0x000fc80000000f00 */
    /*0100*/ CALL.ABS.NOINC R6 ; /* 0x0000000006007343 */
            /* 0x020fea0003c00000 */
    /*0110*/ MOV R3, 0x4 ; /* 0x0000000400037802 */
            /* 0x000fe40000000f00 */
    /*0120*/ IADD3 R17, R17, R4, RZ ; /* 0x0000000411117210 */
            /* 0x000fc60007ffe0ff */
    /*0130*/ IMAD.WIDE.U32 R2, R2, R3, c[0x0][0x160] ; /* 0x0000580002027625 */
            /* 0x000fca00078e0003 */
    /*0140*/ STG.E [R2.64], R17 ; /* 0x0000001102007986 */
            /* 0x000fe2000c101924 */
    /*0150*/ EXIT ; /* 0x000000000000794d */
            /* 0x000fea0003800000 */
    /*0160*/ BRA 0x160; /* 0xfffffff000007947 */
            /* 0x000fc0000383ffff */
    """

  /// The bytes that a text's encodings spell, by function.
  static func code(_ text: String) throws -> [String: [UInt8]] {
    var result: [String: [UInt8]] = [:]
    for function in try Disassembly(parsing: text).functions {
      result[function.name] = function.code.flatMap { instruction -> [UInt8] in
        let words = [instruction.encoding?.low ?? 0, instruction.encoding?.high ?? 0]
        return words.flatMap(littleEndian)
      }
    }
    return result
  }

  static func scaleCubin() throws -> CubinBuilder {
    let code = try code(scaleText)["_Z5scalePfi"] ?? []
    var b = CubinBuilder()
    b.add(
      ".nv.constant4", .bits(Array(repeating: 0, count: 16)),
      relocations: [
        .init(offset: 0, type: 2, symbol: "factor"), .init(offset: 8, type: 2, symbol: "target"),
      ])
    b.add(".nv.constant3", .bits(Array(repeating: 0, count: 8)))
    b.add(".nv.constant0._Z5scalePfi", .bits(Array(repeating: 0, count: 0x16c)))
    b.add(".text._Z5scalePfi", .bits(code), info: 14 << 24)
    b.add(".nv.global.init", .bits(littleEndian(Float(2).bitPattern)))
    b.add(".nv.global", .none(8))
    b.add(".nv.shared._Z5scalePfi", .none(16))
    b.symbol("factor", in: ".nv.global.init", size: 4)
    b.symbol("target", in: ".nv.global", size: 8)
    b.symbol("bias", in: ".nv.constant3", size: 8)
    b.symbol("_Z5scalePfi", in: ".text._Z5scalePfi", type: 2, size: code.count)
    b.add(
      ".nv.info._Z5scalePfi",
      .bits(
        attribute(0x0a, [11, 0x0c_0160]) + attribute(0x17, [0, 0x0008_0001, 0x0011_f000])
          + attribute(0x17, [0, 0, 0x0021_f000]) + attribute(0x05, [256, 1, 1])
          + [2, 0x4c, 3, 0]))
    let kernel = b.symbolIndex("_Z5scalePfi")
    b.add(
      ".nv.info",
      .bits(
        attribute(0x2f, [kernel, 12]) + attribute(0x11, [kernel, 0x18])
          + attribute(0x12, [kernel, .max])))
    return b
  }

  static func callsCubin() throws -> CubinBuilder {
    let code = try code(callsText)
    var b = CubinBuilder()
    typealias Relocation = CubinBuilder.Relocation
    b.add(".text._Z5twicei", .bits(code["_Z5twicei"] ?? []))
    b.add(".text._Z9countdowni", .bits(code["_Z9countdowni"] ?? []))
    let kernel = "_Z5callsPi"
    b.add(
      ".text." + kernel, .bits(code[kernel] ?? []),
      relocations: [
        Relocation(offset: 0x60, type: 0x3a, symbol: "_Z5twicei"),
        Relocation(offset: 0x70, type: 0x38, symbol: "pointer"),
        Relocation(offset: 0x80, type: 0x39, symbol: "pointer"),
        Relocation(offset: 0x40, type: 0x38, symbol: kernel, addend: 0x70),
        Relocation(offset: 0x50, type: 0x39, symbol: kernel, addend: 0x70),
        Relocation(offset: 0xe0, type: 0x38, symbol: kernel, addend: 0x110),
        Relocation(offset: 0xf0, type: 0x39, symbol: kernel, addend: 0x110),
      ])
    b.add(".nv.constant0." + kernel, .bits(Array(repeating: 0, count: 0x168)))
    b.add(
      ".nv.global.init", .bits(Array(repeating: 0, count: 8)),
      relocations: [Relocation(offset: 0, type: 2, symbol: "_Z9countdowni")])
    b.symbol("pointer", in: ".nv.global.init", size: 8)
    for name in ["_Z5twicei", "_Z9countdowni", kernel] {
      b.symbol(name, in: ".text." + name, type: 2)
    }
    b.add(
      ".nv.info." + kernel,
      .bits(attribute(0x0a, [0, 0x08_0160]) + attribute(0x17, [0, 0, 0x0021_f000])))
    return b
  }

  /// A `.nv.info` record with a payload of 32-bit words.
  static func attribute(_ number: UInt8, _ words: [UInt32]) -> [UInt8] {
    [4, number] + littleEndian(UInt16(words.count * 4)) + words.flatMap(littleEndian)
  }
}
