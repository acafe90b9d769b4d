// A small byte-code machine: a switch of many unlike cases, which the compiler turns into an
// indirect branch through a table. Every thread runs a program of its own.
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
  verdict.equal(out.get(), wanted, "result");
  return verdict.finish();
}
