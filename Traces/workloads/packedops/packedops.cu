// Two half-words or four bytes in a register, and the instructions of dynamic programming (DPX):
// each function against the host's, part by part.
#include "check.h"

enum Operation {
  add2, sub2, add4, sub4, addSat2, addSatU4, neg2, abs2, maxS2, minU2, maxU4, minS4, absDiffU4, sad4,
  average4, compare4, max3S2, min3U2, min3ReluS2, addMax, addMaxReluU, addMaxS2, addMinU2,
  addMaxReluS2, maxRelu, maxReluS2, boundS2, boundU, operations
};

__global__ void all(const unsigned *as, const unsigned *bs, const unsigned *cs, unsigned *out,
                    int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  unsigned a = as[i], b = bs[i], c = cs[i];
  bool high, low;
  out += i;
  out[add2 * n] = __vadd2(a, b);
  out[sub2 * n] = __vsub2(a, b);
  out[add4 * n] = __vadd4(a, b);
  out[sub4 * n] = __vsub4(a, b);
  out[addSat2 * n] = __vaddss2(a, b);
  out[addSatU4 * n] = __vaddus4(a, b);
  out[neg2 * n] = __vneg2(a);
  out[abs2 * n] = __vabs2(a);
  out[maxS2 * n] = __vmaxs2(a, b);
  out[minU2 * n] = __vminu2(a, b);
  out[maxU4 * n] = __vmaxu4(a, b);
  out[minS4 * n] = __vmins4(a, b);
  out[absDiffU4 * n] = __vabsdiffu4(a, b);
  out[sad4 * n] = __vsadu4(a, b);
  out[average4 * n] = __vavgu4(a, b);
  out[compare4 * n] = __vcmpgts4(a, b);
  out[max3S2 * n] = __vimax3_s16x2(a, b, c);
  out[min3U2 * n] = __vimin3_u16x2(a, b, c);
  out[min3ReluS2 * n] = __vimin3_s16x2_relu(a, b, c);
  out[addMax * n] = __viaddmax_s32(a, b, c);
  out[addMaxReluU * n] = __viaddmax_s32_relu(a, b, c);
  out[addMaxS2 * n] = __viaddmax_s16x2(a, b, c);
  out[addMinU2 * n] = __viaddmin_u16x2(a, b, c);
  out[addMaxReluS2 * n] = __viaddmax_s16x2_relu(a, b, c);
  out[maxRelu * n] = __vimax_s32_relu(a, b);
  out[maxReluS2 * n] = __vimax_s16x2_relu(a, b);
  unsigned bound = __vibmax_s16x2(a, b, &high, &low);
  out[boundS2 * n] = bound ^ (high ? 0x80000000u : 0) ^ (low ? 1u : 0);
  bound = __vibmin_u32(a, b, &low);
  out[boundU * n] = bound ^ (low ? 1u : 0);
}

// Applies a function to each part of three words, sign-extended where asked.
template <int bits, typename F>
unsigned parts(unsigned a, unsigned b, unsigned c, bool isSigned, F body) {
  unsigned result = 0, mask = bits == 32 ? ~0u : (1u << bits) - 1;
  for (int shift = 0; shift < 32; shift += bits) {
    auto part = [&](unsigned word) -> long {
      long value = word >> shift & mask;
      return isSigned && value >> (bits - 1) ? value - (1L << bits) : value;
    };
    result |= ((unsigned)body(part(a), part(b), part(c)) & mask) << shift;
  }
  return result;
}

// The number that the lowest bits mean.
template <int bits>
long wrapped(long value, bool isSigned) {
  long mask = (1L << bits) - 1;
  value &= mask;
  return isSigned && value >> (bits - 1) ? value - mask - 1 : value;
}

unsigned expected(int operation, unsigned a, unsigned b, unsigned c) {
  auto s2 = [&](auto body) { return parts<16>(a, b, c, true, body); };
  auto u2 = [&](auto body) { return parts<16>(a, b, c, false, body); };
  auto s4 = [&](auto body) { return parts<8>(a, b, c, true, body); };
  auto u4 = [&](auto body) { return parts<8>(a, b, c, false, body); };
  auto s1 = [&](auto body) { return parts<32>(a, b, c, true, body); };
  using std::max;
  using std::min;
  switch (operation) {
    case add2: return u2([](long x, long y, long) { return x + y; });
    case sub2: return u2([](long x, long y, long) { return x - y; });
    case add4: return u4([](long x, long y, long) { return x + y; });
    case sub4: return u4([](long x, long y, long) { return x - y; });
    case addSat2: return s2([](long x, long y, long) { return min(max(x + y, -32768L), 32767L); });
    case addSatU4: return u4([](long x, long y, long) { return min(x + y, 255L); });
    case neg2: return u2([](long x, long, long) { return -x; });
    case abs2: return s2([](long x, long, long) { return std::labs(x); });
    case maxS2: return s2([](long x, long y, long) { return max(x, y); });
    case minU2: return u2([](long x, long y, long) { return min(x, y); });
    case maxU4: return u4([](long x, long y, long) { return max(x, y); });
    case minS4: return s4([](long x, long y, long) { return min(x, y); });
    case absDiffU4: return u4([](long x, long y, long) { return std::labs(x - y); });
    case sad4: {
      unsigned sum = 0;
      u4([&](long x, long y, long) { return sum += std::labs(x - y), 0; });
      return sum;
    }
    case average4: return u4([](long x, long y, long) { return (x + y + 1) / 2; });
    case compare4: return s4([](long x, long y, long) { return x > y ? 255 : 0; });
    case max3S2: return s2([](long x, long y, long z) { return max(max(x, y), z); });
    case min3U2: return u2([](long x, long y, long z) { return min(min(x, y), z); });
    case min3ReluS2: return s2([](long x, long y, long z) { return max(min(min(x, y), z), 0L); });
    case addMax: return s1([](long x, long y, long z) { return max(wrapped<32>(x + y, true), z); });
    case addMaxReluU:
      return s1([](long x, long y, long z) { return max(max(wrapped<32>(x + y, true), z), 0L); });
    case addMaxS2:
      return s2([](long x, long y, long z) { return max(wrapped<16>(x + y, true), z); });
    case addMinU2:
      return u2([](long x, long y, long z) { return min(wrapped<16>(x + y, false), z); });
    case addMaxReluS2:
      return s2([](long x, long y, long z) { return max(max(wrapped<16>(x + y, true), z), 0L); });
    case maxRelu: return s1([](long x, long y, long) { return max(max(x, y), 0L); });
    case maxReluS2: return s2([](long x, long y, long) { return max(max(x, y), 0L); });
    case boundS2: {
      unsigned result = s2([](long x, long y, long) { return max(x, y); });
      bool high = (short)(a >> 16) >= (short)(b >> 16), low = (short)a >= (short)b;
      return result ^ (high ? 0x80000000u : 0) ^ (low ? 1u : 0);
    }
    default: return min(a, b) ^ (a <= b ? 1u : 0);
  }
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 2000);
  Generator random;
  const unsigned edges[] = {0, 0x80008000, 0x7fff7fff, 0xffffffff, 0x80808080, 0x00010001};
  auto words = [&] {
    std::vector<unsigned> result(n);
    for (unsigned &word : result) word = random.below(4) ? random.word() : edges[random.below(6)];
    return result;
  };
  std::vector<unsigned> a = words(), b = words(), c = words(), wanted(operations * n);
  for (int i = 0; i < n; i += 7) b[i] = a[i];
  for (int operation = 0; operation < operations; operation++)
    for (int i = 0; i < n; i++) wanted[operation * n + i] = expected(operation, a[i], b[i], c[i]);
  Device<unsigned> dA(a), dB(b), dC(c), out(operations * n);
  all<<<ceilDivide(n, 128), 128>>>(dA, dB, dC, out, n);
  Verdict verdict("packedops");
  auto found = out.get();
  for (int i = 0; i < operations * n; i++) verdict.expect(found[i] == wanted[i], "operation", i / n);
  return verdict.finish();
}
