// Sums by shared memory, by shuffles, and with the last block finishing the work.
#include "check.h"

__global__ void byShared(const int *in, int *out, int n) {
  __shared__ int part[256];
  int sum = 0;
  for (int i = blockIdx.x * 256 + threadIdx.x; i < n; i += gridDim.x * 256) sum += in[i];
  part[threadIdx.x] = sum;
  __syncthreads();
  for (int step = 128; step > 0; step >>= 1) {
    if (threadIdx.x < step) part[threadIdx.x] += part[threadIdx.x + step];
    __syncthreads();
  }
  if (threadIdx.x == 0) atomicAdd(out, part[0]);
}

__global__ void byShuffle(const int *in, int *out, int n) {
  int sum = 0;
  for (int i = blockIdx.x * 256 + threadIdx.x; i < n; i += gridDim.x * 256) sum += in[i];
  for (int step = 16; step > 0; step >>= 1) sum += __shfl_down_sync(~0u, sum, step);
  if (threadIdx.x % 32 == 0) atomicAdd(out, sum);
}

__device__ unsigned arrived;

__global__ void lastBlock(const float *in, float *parts, float *out, int n) {
  __shared__ float part[8];
  __shared__ bool last;
  float sum = 0;
  for (int i = blockIdx.x * 256 + threadIdx.x; i < n; i += gridDim.x * 256) sum += in[i];
  for (int step = 16; step > 0; step >>= 1) sum += __shfl_xor_sync(~0u, sum, step);
  if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x == 0) {
    float total = 0;
    for (int i = 0; i < 8; i++) total += part[i];
    parts[blockIdx.x] = total;
    __threadfence();
    last = atomicInc(&arrived, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (last && threadIdx.x == 0) {
    float total = 0;
    for (int i = 0; i < gridDim.x; i++) total += parts[i];
    *out = total;
  }
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 200000);
  Generator random;
  std::vector<int> a(n);
  std::vector<float> f(n);
  int sum = 0;
  double floats = 0;
  for (int i = 0; i < n; i++) {
    sum += a[i] = (int)random.below(1000) - 500;
    floats += f[i] = random.unit();
  }
  Device<int> in(a), out(1);
  Device<float> fin(f), parts(64), fout(1);
  Verdict verdict("reduction");
  out.clear();
  byShared<<<64, 256>>>(in, out, n);
  verdict.expect(out.get()[0] == sum, "shared sum");
  out.clear();
  byShuffle<<<64, 256>>>(in, out, n);
  verdict.expect(out.get()[0] == sum, "shuffle sum");
  lastBlock<<<64, 256>>>(fin, parts, fout, n);
  verdict.expect(near(fout.get()[0], floats, 1e-5), "float sum");
  return verdict.finish();
}
