// Branches with many targets: a small byte-code machine, whose switch the compiler turns into a
// tree of comparisons, and an indirect branch through a table, which it makes of inline PTX only.
#include "check.h"

constexpr int length = 48;

// The state is two words; an instruction is a byte and may read the next.
__host__ __device__ uint32_t run(const unsigned char *program, uint32_t seed) {
  uint32_t a = seed, b = ~seed;
  for (int i = 0; i < length; i++) {
    unsigned next = program[(i + 1) % length];
    switch (program[i] % 24) {
      case 0: a += b; break;
      case 1: a -= next; break;
      case 2: a *= 2654435761u; break;
      case 3: b ^= a >> 3; break;
      case 4: a = a << (next & 31) | a >> (-next & 31); break;
      case 5: b = a / (next + 1); break;
      case 6: a = b % (next + 7); break;
      case 7: i++; break;
      case 8:
        while (a > 1000) a = a / 3 + 1;
        break;
      case 9: b |= 1u << (next & 31); break;
      case 10: b &= ~(1u << (next & 31)); break;
      case 11: {
        uint32_t kept = a;
        a = b;
        b = kept;
        break;
      }
      case 12: a = ~a; break;
      case 13: b = (uint32_t)(((uint64_t)a * b) >> 32); break;
      case 14:
        for (unsigned j = 0; j < next % 5; j++) b = b * 5 + j;
        break;
      case 15: a = a < b ? b - a : a - b; break;
      case 16: a ^= a << 13; a ^= a >> 17; a ^= a << 5; break;
      case 17: b = (uint32_t)((int32_t)b >> 4); break;
      case 18:
        if (a & 1) b += 17; else b -= 5;
        break;
      case 19: a = (uint32_t)(float)(b & 0xffffff); break;
      case 20: a += program[(a ^ b) % length]; break;
      case 21: b = a * a - next; break;
      case 22: a = b & 0x0f0f0f0f; break;
      default: b++; break;
    }
  }
  return a ^ b;
}

// The same steps by table on the device and by switch on the host.
__host__ __device__ uint32_t jump(unsigned which, uint32_t a, uint32_t b) {
#ifdef __CUDA_ARCH__
  uint32_t result;
  asm volatile(
      "{\n"
      "  targets: .branchtargets sum, difference, product, mixed, shifted, smaller, first, second;\n"
      "  brx.idx %1, targets;\n"
      "sum:        add.u32 %0, %2, %3;       bra done;\n"
      "difference: sub.u32 %0, %2, %3;       bra done;\n"
      "product:    mul.lo.u32 %0, %2, %3;    bra done;\n"
      "mixed:      xor.b32 %0, %2, %3;       bra done;\n"
      "shifted:    shr.u32 %0, %2, 5;        add.u32 %0, %0, %3; bra done;\n"
      "smaller:    min.u32 %0, %2, %3;       mul.lo.u32 %0, %0, 7; bra done;\n"
      "first:      mad.lo.u32 %0, %2, %2, 1; bra done;\n"
      "second:     not.b32 %0, %3;\n"
      "done:\n"
      "}"
      : "=&r"(result)
      : "r"(which), "r"(a), "r"(b));
  return result;
#else
  switch (which) {
    case 0: return a + b;
    case 1: return a - b;
    case 2: return a * b;
    case 3: return a ^ b;
    case 4: return (a >> 5) + b;
    case 5: return std::min(a, b) * 7;
    case 6: return a * a + 1;
    default: return ~b;
  }
#endif
}

__host__ __device__ uint32_t jumps(const unsigned char *program, uint32_t seed) {
  uint32_t a = seed, b = seed * 77 + 5;
#pragma unroll 4
  for (int i = 0; i < length; i++) {
    uint32_t next = jump(program[i] & 7, a, b);
    a = b;
    b = next;
  }
  return a ^ b;
}

__global__ void jumpAll(const unsigned char *programs, uint32_t *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = jumps(programs + i / 8 * length, i);
}

__global__ void runAll(const unsigned char *programs, uint32_t *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = run(programs + i / 8 * length, i);
}

int main(int argc, char **argv) {
  // Eight threads share a program, so that a warp holds four.
  int n = ceilDivide(argument(argc, argv, 1, 512), 8) * 8;
  Generator random;
  std::vector<unsigned char> programs(n / 8 * length);
  for (unsigned char &instruction : programs) instruction = (unsigned char)random.below(256);
  std::vector<uint32_t> wanted(n);
  for (int i = 0; i < n; i++) wanted[i] = run(&programs[i / 8 * length], i);
  Device<unsigned char> in(programs);
  Device<uint32_t> out(n);
  Verdict verdict("switch");
  runAll<<<ceilDivide(n, 64), 64>>>(in, out, n);
  verdict.equal(out.get(), wanted, "switch");
  for (int i = 0; i < n; i++) wanted[i] = jumps(&programs[i / 8 * length], i);
  jumpAll<<<ceilDivide(n, 64), 64>>>(in, out, n);
  verdict.equal(out.get(), wanted, "table");
  return verdict.finish();
}
