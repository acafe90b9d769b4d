// Votes, matches, shuffles, reductions and divergence inside a warp.
#include "check.h"

__global__ void operations(const int *in, unsigned *out) {
  int lane = threadIdx.x, v = in[lane];
  unsigned *o = out + lane;
  o[0] = __ballot_sync(~0u, v > 4);
  o[32] = __any_sync(~0u, v > 8) * 2 + __all_sync(~0u, v >= 0);
  o[64] = __match_any_sync(~0u, v);
  int same;
  o[96] = __match_all_sync(~0u, v / 100, &same) + same;
  o[128] = __shfl_sync(~0u, v, 31 - lane);
  o[160] = __shfl_up_sync(~0u, v, 3, 8);
  o[192] = __shfl_down_sync(~0u, v, 5);
  o[224] = __shfl_xor_sync(~0u, v, 9);
#if __CUDA_ARCH__ >= 800
  o[256] = __reduce_add_sync(~0u, v);
  o[288] = __reduce_max_sync(~0u, v) * 16 + __reduce_min_sync(~0u, v);
  o[320] = __reduce_xor_sync(~0u, (unsigned)v);
#else
  int sum = v, top = v, low = v, mixed = v;
  for (int s = 16; s > 0; s /= 2) {
    sum += __shfl_xor_sync(~0u, sum, s);
    top = max(top, __shfl_xor_sync(~0u, top, s));
    low = min(low, __shfl_xor_sync(~0u, low, s));
    mixed ^= __shfl_xor_sync(~0u, mixed, s);
  }
  o[256] = sum, o[288] = top * 16 + low, o[320] = mixed;
#endif
  // Nested divergence, with lanes that leave early.
  unsigned trips = 0;
  for (int i = 0; i < v; i++) {
    if (i % 2 == lane % 2) {
      if (i > 6) break;
      trips += i;
    } else if ((i ^ lane) % 3 == 0) {
      continue;
    }
    trips = trips * 3 + 1;
  }
  o[352] = trips;
  if (lane < 16) {
    o[384] = __ballot_sync(0x0000ffff, v & 1);
  } else {
    o[384] = __ballot_sync(0xffff0000, v & 2);
  }
  __syncwarp();
  o[416] = __popc(v * 77777) + __clz(v) + __ffs(v << 3) + __brev(v) % 1000;
}

int main() {
  Generator random;
  std::vector<int> v(32);
  for (int &x : v) x = random.below(12);
  Device<int> in(v);
  Device<unsigned> out(448);
  operations<<<1, 32>>>(in, out);
  std::vector<unsigned> w(448);
  int sum = 0, top = 0, low = 99, mixed = 0;
  for (int x : v) sum += x, top = std::max(top, x), low = std::min(low, x), mixed ^= x;
  for (int l = 0; l < 32; l++) {
    for (int m = 0; m < 32; m++) {
      w[l] |= (unsigned)(v[m] > 4) << m;
      w[64 + l] |= (unsigned)(v[m] == v[l]) << m;
      if (m / 16 == l / 16) w[384 + l] |= (unsigned)((v[m] & (l < 16 ? 1 : 2)) != 0) << m;
    }
    w[32 + l] = (top > 8) * 2 + 1;
    w[96 + l] = 0u;
    w[128 + l] = v[31 - l];
    w[160 + l] = v[l % 8 >= 3 ? l - 3 : l];
    w[192 + l] = v[l + 5 < 32 ? l + 5 : l];
    w[224 + l] = v[l ^ 9];
    w[256 + l] = sum, w[288 + l] = top * 16 + low, w[320 + l] = mixed;
    unsigned trips = 0;
    for (int i = 0; i < v[l]; i++) {
      if (i % 2 == l % 2) {
        if (i > 6) break;
        trips += i;
      } else if ((i ^ l) % 3 == 0) {
        continue;
      }
      trips = trips * 3 + 1;
    }
    w[352 + l] = trips;
    unsigned reversed = 0, x = v[l];
    for (int i = 0; i < 32; i++) reversed |= (x >> i & 1) << (31 - i);
    w[416 + l] = __builtin_popcount(x * 77777) + (x ? __builtin_clz(x) : 32) +
                 __builtin_ffs((int)(x << 3)) + reversed % 1000;
  }
  // All values lie below 100: every lane matches, and the mask plus one is zero.
  Verdict verdict("warpops");
  verdict.equal(out.get(), w, "word");
  return verdict.finish();
}
