// What the lanes of a warp do together: votes, matches, shuffles, reductions, active masks, and
// all of it again inside divergent branches and loops with exits.
#include "check.h"

// Each is an output of every lane.
enum Word {
  voted, anyAll, matchAny, matchAll, wideMatchAll, shuffled, up, down, swapped, sum, least,
  greatest, both, either, odd, branchVote, branchShuffle, active, trips, bitTricks, laneMasks,
  words
};

__device__ void reduce(int value, unsigned *out) {
#if __CUDA_ARCH__ >= 800
  out[sum] = __reduce_add_sync(~0u, value);
  out[least] = __reduce_min_sync(~0u, value);
  out[greatest] = __reduce_max_sync(~0u, value);
  out[both] = __reduce_and_sync(~0u, (unsigned)value);
  out[either] = __reduce_or_sync(~0u, (unsigned)value);
  out[odd] = __reduce_xor_sync(~0u, (unsigned)value);
#else
  auto tree = [=](auto combine) {
    int result = value;
    for (int step = 16; step > 0; step /= 2)
      result = combine(result, __shfl_xor_sync(~0u, result, step));
    return result;
  };
  out[sum] = tree([](int a, int b) { return a + b; });
  out[least] = tree([](int a, int b) { return min(a, b); });
  out[greatest] = tree([](int a, int b) { return max(a, b); });
  out[both] = tree([](int a, int b) { return a & b; });
  out[either] = tree([](int a, int b) { return a | b; });
  out[odd] = tree([](int a, int b) { return a ^ b; });
#endif
}

// Of the lanes that are no multiple of three, neighbours swap; the last has none.
__host__ __device__ int partner(int lane) {
  return lane % 3 == 2 ? lane - 1 : lane < 31 ? lane + 1 : lane;
}

// A loop that lanes leave at different times in different ways.
__host__ __device__ unsigned walk(int value, int lane) {
  unsigned result = 0;
  for (int i = 0; i < 20; i++) {
    if (i % 2 == lane % 2) {
      if (i > value + 6) break;
      result += i;
    } else if ((i ^ lane) % 3 == 0) {
      continue;
    }
    if (result > 3000000) return result;
    result = result * 3 + 1;
  }
  return ~result;
}

__global__ void operate(const int *in, unsigned *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x % 32;
  if (i >= n) return;
  int value = in[i];
  unsigned own[words];
  own[voted] = __ballot_sync(~0u, value > 4);
  own[anyAll] = __any_sync(~0u, value > 10) * 4 + __all_sync(~0u, value >= 1) * 2 +
                __uni_sync(~0u, value < 6);
  own[matchAny] = __match_any_sync(~0u, value);
  int same;
  own[matchAll] = __match_all_sync(~0u, value / 8, &same);
  own[matchAll] ^= same;
  own[wideMatchAll] = __match_all_sync(~0u, (unsigned long long)(value / 3) << 40, &same);
  own[wideMatchAll] ^= same;
  own[shuffled] = __shfl_sync(~0u, value, value + lane);
  own[up] = __shfl_up_sync(~0u, value, 3, 8);
  own[down] = __shfl_down_sync(~0u, value, 5);
  own[swapped] = __shfl_xor_sync(~0u, value, 9);
  reduce(value - 5, own);
  if (lane % 3 == 0) {
    own[branchVote] = __ballot_sync(0x49249249, value & 1);
    own[branchShuffle] = __shfl_sync(0x49249249, value, (lane + 3) % 33);
  } else {
    own[branchVote] = __ballot_sync(0xb6db6db6, value & 2);
    own[branchShuffle] = __shfl_sync(0xb6db6db6, value, partner(lane));
  }
  __syncwarp();
  // What is active here is the hardware's business; but the lane itself is among it.
  own[active] = value > 5 ? __activemask() >> lane & 1 : 1;
  own[trips] = walk(value, lane);
  __syncwarp();
  unsigned word = (unsigned)(value + 1) * 0x01234567u;
  own[bitTricks] = __popc(word) + 100 * __clz(word >> lane) + 10000 * __ffs(word & ~15) +
                   (__brev(word) ^ __byte_perm(word, lane, 0x3210 + lane % 4)) +
                   __funnelshift_l(word, ~word, lane) + __funnelshift_rc(word, ~word, lane + 8);
  unsigned below, notBelow;
  asm("mov.u32 %0, %%lanemask_lt;" : "=r"(below));
  asm("mov.u32 %0, %%lanemask_ge;" : "=r"(notBelow));
  own[laneMasks] = below * 3 + notBelow;
  for (int j = 0; j < words; j++) out[j * n + i] = own[j];
}

void reference(const int *v, int lane, unsigned *own) {
  auto mask = [&](auto holds) {
    unsigned result = 0;
    for (int i = 0; i < 32; i++) result |= (unsigned)(bool)holds(i) << i;
    return result;
  };
  auto tree = [&](auto combine) {
    int result = v[0] - 5;
    for (int i = 1; i < 32; i++) result = combine(result, v[i] - 5);
    return (unsigned)result;
  };
  unsigned low = mask([&](int i) { return v[i] < 6; });
  own[voted] = mask([&](int i) { return v[i] > 4; });
  own[anyAll] = (mask([&](int i) { return v[i] > 10; }) != 0) * 4 +
                (mask([&](int i) { return v[i] >= 1; }) == ~0u) * 2 + (low == 0 || low == ~0u);
  own[matchAny] = mask([&](int i) { return v[i] == v[lane]; });
  own[matchAll] = mask([&](int i) { return v[i] / 8 == v[0] / 8; }) == ~0u ? ~0u ^ 1 : 0;
  own[wideMatchAll] = mask([&](int i) { return v[i] / 3 == v[0] / 3; }) == ~0u ? ~0u ^ 1 : 0;
  own[shuffled] = v[(v[lane] + lane) % 32];
  own[up] = v[lane % 8 >= 3 ? lane - 3 : lane];
  own[down] = v[lane + 5 < 32 ? lane + 5 : lane];
  own[swapped] = v[lane ^ 9];
  own[sum] = tree([](int a, int b) { return a + b; });
  own[least] = tree([](int a, int b) { return std::min(a, b); });
  own[greatest] = tree([](int a, int b) { return std::max(a, b); });
  own[both] = tree([](int a, int b) { return a & b; });
  own[either] = tree([](int a, int b) { return a | b; });
  own[odd] = tree([](int a, int b) { return a ^ b; });
  if (lane % 3 == 0) {
    own[branchVote] = mask([&](int i) { return i % 3 == 0 && v[i] & 1; });
    own[branchShuffle] = v[(lane + 3) % 33];
  } else {
    own[branchVote] = mask([&](int i) { return i % 3 != 0 && v[i] & 2; });
    own[branchShuffle] = v[partner(lane)];
  }
  own[active] = 1;
  own[trips] = walk(v[lane], lane);
  unsigned word = (unsigned)(v[lane] + 1) * 0x01234567u;
  uint64_t pair = (uint64_t)~word << 32 | word;
  auto leading = [](unsigned x) { return x ? __builtin_clz(x) : 32; };
  unsigned reversed = 0, permuted = 0;
  for (int i = 0; i < 32; i++) reversed |= (word >> i & 1) << (31 - i);
  uint64_t bytes = (uint64_t)lane << 32 | word;
  for (int i = 0; i < 4; i++)
    permuted |= (unsigned)(bytes >> ((0x3210 + lane % 4) >> 4 * i & 7) * 8 & 255) << 8 * i;
  own[bitTricks] = __builtin_popcount(word) + 100 * leading(word >> lane) +
                   10000 * __builtin_ffs((int)(word & ~15)) + (reversed ^ permuted) +
                   (unsigned)(pair << lane >> 32) + (unsigned)(pair >> std::min(lane + 8, 32));
  own[laneMasks] = ((1u << lane) - 1) * 3 + (~0u << lane);
}

int main(int argc, char **argv) {
  int n = ceilDivide(argument(argc, argv, 1, 1024), 128) * 128;
  Generator random;
  std::vector<int> values(n);
  for (int warp = 0; warp < n / 32; warp++) {
    // Some warps hold near or equal values, so that unanimous votes occur.
    int spread = warp % 4 == 0 ? 1 : warp % 4 == 1 ? 3 : 12, base = (int)random.below(13 - spread);
    for (int lane = 0; lane < 32; lane++)
      values[warp * 32 + lane] = base + (int)random.below(spread);
  }
  std::vector<unsigned> wanted(words * n);
  for (int i = 0; i < n; i++) {
    unsigned own[words];
    reference(&values[i / 32 * 32], i % 32, own);
    for (int j = 0; j < words; j++) wanted[j * n + i] = own[j];
  }
  Device<int> in(values);
  Device<unsigned> out(words * n);
  Verdict verdict("warpops");
  operate<<<n / 128, 128>>>(in, out, n);
  verdict.equal(out.get(), wanted, "word");
  return verdict.finish();
}
