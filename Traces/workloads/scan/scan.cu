// Inclusive prefix sums over several blocks, with a decoupled look-back.
#include "check.h"

// State of a block: sum and flag (1 the block's own sum, 2 the whole prefix) in one word.
__device__ volatile unsigned long long states[4096];
__device__ int ticket;

__global__ void scan(const int *in, int *out, int n) {
  __shared__ int sums[8], before, block;
  if (threadIdx.x == 0) block = atomicAdd(&ticket, 1);
  __syncthreads();
  int i = block * 256 + threadIdx.x, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  int value = i < n ? in[i] : 0;
  for (int step = 1; step < 32; step *= 2) {
    int other = __shfl_up_sync(~0u, value, step);
    if (lane >= step) value += other;
  }
  if (lane == 31) sums[warp] = value;
  __syncthreads();
  if (threadIdx.x == 0) {
    int total = 0;
    for (int w = 0; w < 8; w++) {
      int own = sums[w];
      sums[w] = total;
      total += own;
    }
    if (block > 0) states[block] = 1ull << 32 | (unsigned)total;
    int prefix = 0;
    for (int b = block - 1; b >= 0;) {
      unsigned long long state = states[b];
      int flag = (int)(state >> 32);
      if (flag == 0) continue;
      prefix += (int)(unsigned)state;
      if (flag == 2) break;
      b--;
    }
    __threadfence();
    states[block] = 2ull << 32 | (unsigned)(prefix + total);
    before = prefix;
  }
  __syncthreads();
  if (i < n) out[i] = before + sums[warp] + value;
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 50000);
  Generator random;
  std::vector<int> a(n), wanted(n);
  int sum = 0;
  for (int i = 0; i < n; i++) wanted[i] = sum += a[i] = (int)random.below(100);
  Device<int> in(a), out(n);
  scan<<<(n + 255) / 256, 256>>>(in, out, n);
  Verdict verdict("scan");
  verdict.equal(out.get(), wanted, "prefix");
  return verdict.finish();
}
