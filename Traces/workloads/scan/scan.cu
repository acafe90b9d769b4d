// Prefix sums of many blocks: the work-efficient tree (up and down a shared array) with a second
// pass over the blocks' sums, and a single pass in which a block looks back at its predecessors.
#include "check.h"

constexpr int threads = 256, chunk = 2 * threads;

// One word of padding in 32 keeps the tree's power-of-two strides off a single bank.
__device__ int padded(int i) { return i + i / 32; }

// Exclusive sums of each chunk; its total goes to sums.
__global__ void chunks(const int *in, int *out, int *sums, int n) {
  __shared__ int tree[chunk + chunk / 32];
  int first = blockIdx.x * chunk;
  for (int i = threadIdx.x; i < chunk; i += threads)
    tree[padded(i)] = first + i < n ? in[first + i] : 0;
  for (int step = 1; step < chunk; step *= 2) {
    __syncthreads();
    int right = (threadIdx.x + 1) * 2 * step - 1;
    if (right < chunk) tree[padded(right)] += tree[padded(right - step)];
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    sums[blockIdx.x] = tree[padded(chunk - 1)];
    tree[padded(chunk - 1)] = 0;
  }
  for (int step = chunk / 2; step > 0; step /= 2) {
    __syncthreads();
    int right = (threadIdx.x + 1) * 2 * step - 1;
    if (right < chunk) {
      int left = tree[padded(right - step)];
      tree[padded(right - step)] = tree[padded(right)];
      tree[padded(right)] += left;
    }
  }
  __syncthreads();
  for (int i = threadIdx.x; i < chunk; i += threads)
    if (first + i < n) out[first + i] = tree[padded(i)];
}

__global__ void addSums(int *out, const int *sums, int n) {
  int first = blockIdx.x * chunk, before = sums[blockIdx.x];
  for (int i = threadIdx.x; i < chunk; i += threads)
    if (first + i < n) out[first + i] += before;
}

// What a block publishes: a flag in the upper half, 1 for the sum of its own elements, 2 for the
// sum of all up to its last; the sum in the lower. One word, so that both change at once.
constexpr int maximalBlocks = 4096;
__device__ volatile unsigned long long published[maximalBlocks];
__device__ int ticket;

__global__ void lookBack(const int *in, int *out, int n) {
  __shared__ int warpSums[threads / 32], before, block;
  // Tickets, not block indices, say who is a predecessor: those have surely started.
  if (threadIdx.x == 0) block = atomicAdd(&ticket, 1);
  __syncthreads();
  int i = block * threads + threadIdx.x, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  int own = i < n ? in[i] : 0, value = own;
  for (int step = 1; step < 32; step *= 2) {
    int other = __shfl_up_sync(~0u, value, step);
    if (lane >= step) value += other;
  }
  if (lane == 31) warpSums[warp] = value;
  __syncthreads();
  if (threadIdx.x == 0) {
    int total = 0;
    for (int &sum : warpSums) {
      int previous = total;
      total += sum;
      sum = previous;
    }
    published[block] = 1ull << 32 | (unsigned)total;
    int prefix = 0;
    for (int b = block - 1; b >= 0;) {
      unsigned long long state = published[b];
      int flag = (int)(state >> 32);
      if (flag == 0) continue;
      prefix += (int)state;
      if (flag == 2) break;
      b--;
    }
    published[block] = 2ull << 32 | (unsigned)(prefix + total);
    before = prefix;
  }
  __syncthreads();
  if (i < n) out[i] = before + warpSums[warp] + value - own;
}

int main(int argc, char **argv) {
  int n = std::min(argument(argc, argv, 1, 50000), maximalBlocks * threads);
  Generator random;
  std::vector<int> values(n), wanted(n);
  int sum = 0;
  for (int i = 0; i < n; i++) {
    wanted[i] = sum;
    sum += values[i] = (int)random.below(100);
  }
  Device<int> in(values), out(n);
  Verdict verdict("scan");

  // The sums of up to 512 x 512 chunks are scanned by two more levels of the same kernel.
  int count = ceilDivide(n, chunk), upperCount = ceilDivide(count, chunk);
  Device<int> sums(count), upperSums(upperCount), total(1);
  chunks<<<count, threads>>>(in, out, sums, n);
  chunks<<<upperCount, threads>>>(sums, sums, upperSums, count);
  chunks<<<1, threads>>>(upperSums, upperSums, total, upperCount);
  addSums<<<upperCount, threads>>>(sums, upperSums, count);
  addSums<<<count, threads>>>(out, sums, n);
  verdict.equal(out.get(), wanted, "work-efficient");
  verdict.expect(total.get()[0] == sum, "total");

  out.clear();
  lookBack<<<ceilDivide(n, threads), threads>>>(in, out, n);
  verdict.equal(out.get(), wanted, "look-back");
  return verdict.finish();
}
