// A radix sort of 32-bit keys, four bits a pass: count the digits of each block, scan the counts,
// scatter. Ranks inside a warp come from ballots, so equal digits keep their order.
#include "check.h"

constexpr int threads = 256, warps = threads / 32, bits = 4, digits = 1 << bits;

__device__ int digitOf(unsigned key, int shift) { return key >> shift & (digits - 1); }

// Counts are stored digit by digit, so that one scan gives every block's place for every digit.
__global__ void count(const unsigned *keys, int *counts, int shift, int n) {
  __shared__ int bins[digits];
  if (threadIdx.x < digits) bins[threadIdx.x] = 0;
  __syncthreads();
  int i = blockIdx.x * threads + threadIdx.x;
  if (i < n) atomicAdd(&bins[digitOf(keys[i], shift)], 1);
  __syncthreads();
  if (threadIdx.x < digits) counts[threadIdx.x * gridDim.x + blockIdx.x] = bins[threadIdx.x];
}

// Exclusive sums by one warp, 32 counts at a time.
__global__ void scan(int *counts, int n) {
  int lane = threadIdx.x, before = 0;
  for (int first = 0; first < n; first += 32) {
    int own = first + lane < n ? counts[first + lane] : 0, sum = own;
    for (int step = 1; step < 32; step *= 2) {
      int other = __shfl_up_sync(~0u, sum, step);
      if (lane >= step) sum += other;
    }
    if (first + lane < n) counts[first + lane] = before + sum - own;
    before += __shfl_sync(~0u, sum, 31);
  }
}

__global__ void scatter(const unsigned *in, unsigned *out, const int *places, int shift, int n) {
  __shared__ int warpCounts[warps][digits];
  int i = blockIdx.x * threads + threadIdx.x, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  if (lane < digits) warpCounts[warp][lane] = 0;
  __syncwarp();
  unsigned key = i < n ? in[i] : 0;
  int digit = digitOf(key, shift);
  unsigned same = __ballot_sync(~0u, i < n);
  for (int bit = 0; bit < bits; bit++) {
    unsigned set = __ballot_sync(~0u, digit >> bit & 1);
    same &= digit >> bit & 1 ? set : ~set;
  }
  int rank = __popc(same & ((1u << lane) - 1));
  if (i < n && rank == 0) warpCounts[warp][digit] = __popc(same);
  __syncthreads();
  if (i >= n) return;
  for (int w = 0; w < warp; w++) rank += warpCounts[w][digit];
  out[places[digit * gridDim.x + blockIdx.x] + rank] = key;
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 10000), blocks = ceilDivide(n, threads);
  Generator random;
  std::vector<unsigned> keys(n);
  for (unsigned &key : keys) key = random.word();
  Device<unsigned> a(keys), b(n);
  Device<int> counts(digits * blocks);
  unsigned *from = a, *to = b;
  // An even number of passes: the result is back in a.
  for (int shift = 0; shift < 32; shift += bits) {
    count<<<blocks, threads>>>(from, counts, shift, n);
    scan<<<1, 32>>>(counts, digits * blocks);
    scatter<<<blocks, threads>>>(from, to, counts, shift, n);
    std::swap(from, to);
  }
  Verdict verdict("radixsort");
  std::sort(keys.begin(), keys.end());
  verdict.equal(a.get(), keys, "key");
  return verdict.finish();
}
