// Sums: a tree in shared memory, warp shuffles, cooperative groups, one atomic a thread, and a
// last block that adds up the others' results.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>

#include "check.h"

namespace cg = cooperative_groups;

constexpr int threads = 256, blocks = 64;

// The thread's share of the input.
template <typename T>
__device__ T ownSum(const T *in, int n) {
  T sum = 0;
  for (int i = blockIdx.x * threads + threadIdx.x; i < n; i += gridDim.x * threads) sum += in[i];
  return sum;
}

__global__ void sharedTree(const int *in, int *out, int n) {
  __shared__ int part[threads];
  part[threadIdx.x] = ownSum(in, n);
  __syncthreads();
  for (int step = threads / 2; step > 0; step /= 2) {
    if (threadIdx.x < step) part[threadIdx.x] += part[threadIdx.x + step];
    __syncthreads();
  }
  if (threadIdx.x == 0) atomicAdd(out, part[0]);
}

__global__ void shuffles(const int *in, int *out, int n) {
  int sum = ownSum(in, n);
  for (int step = 16; step > 0; step /= 2) sum += __shfl_down_sync(~0u, sum, step);
  if (threadIdx.x % 32 == 0) atomicAdd(out, sum);
}

__global__ void groups(const int *in, int *out, int n) {
  auto warp = cg::tiled_partition<32>(cg::this_thread_block());
  int sum = cg::reduce(warp, ownSum(in, n), cg::plus<int>());
  if (warp.thread_rank() == 0) atomicAdd(out, sum);
}

__global__ void atomics(const int *in, int *out, int n) { atomicAdd(out, ownSum(in, n)); }

__device__ unsigned arrived;

__global__ void lastBlock(const float *in, volatile float *parts, float *out, int n) {
  __shared__ float part[threads / 32];
  __shared__ bool isLast;
  float sum = ownSum(in, n);
  for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(~0u, sum, step);
  if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x == 0) {
    float total = 0;
    for (float value : part) total += value;
    parts[blockIdx.x] = total;
    __threadfence();
    isLast = atomicInc(&arrived, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (isLast && threadIdx.x == 0) {
    __threadfence();
    float total = 0;
    for (int i = 0; i < gridDim.x; i++) total += parts[i];
    *out = total;
  }
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 200000);
  Generator random;
  std::vector<int> integers(n);
  std::vector<float> floats(n);
  int sum = 0;
  double floatSum = 0;
  for (int i = 0; i < n; i++) {
    sum += integers[i] = (int)random.below(1000) - 500;
    floatSum += floats[i] = random.unit();
  }
  Device<int> in(integers), out(1);
  Verdict verdict("reduction");
  auto check = [&](void (*kernel)(const int *, int *, int), const char *what) {
    out.clear();
    kernel<<<blocks, threads>>>(in, out, n);
    verdict.expect(out.get()[0] == sum, what);
  };
  check(sharedTree, "shared tree");
  check(shuffles, "shuffles");
  check(groups, "groups");
  check(atomics, "atomics");
  Device<float> floatIn(floats), parts(blocks), floatOut(1);
  lastBlock<<<blocks, threads>>>(floatIn, parts, floatOut, n);
  verdict.close(floatOut.get(), std::vector<double>{floatSum}, "last block");
  return verdict.finish();
}
