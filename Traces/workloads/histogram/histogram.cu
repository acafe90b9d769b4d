// Histograms of 256 bins: atomics on global memory, and private bins in shared memory that are
// merged at the end. The input favours some bins, so that atomics of a warp collide.
#include "check.h"

constexpr int binCount = 256;

__global__ void direct(const unsigned char *in, unsigned *bins, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(&bins[in[i]], 1);
}

__global__ void privatised(const unsigned char *in, unsigned *bins, int n) {
  __shared__ unsigned own[binCount];
  own[threadIdx.x] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(&own[in[i]], 1);
  __syncthreads();
  if (own[threadIdx.x] > 0) atomicAdd(&bins[threadIdx.x], own[threadIdx.x]);
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 100000);
  Generator random;
  std::vector<unsigned char> values(n);
  std::vector<unsigned> wanted(binCount);
  for (unsigned char &value : values) {
    value = (unsigned char)(random.below(16) * random.below(16));
    wanted[value]++;
  }
  Device<unsigned char> in(values);
  Device<unsigned> bins(binCount);
  Verdict verdict("histogram");
  bins.clear();
  direct<<<64, binCount>>>(in, bins, n);
  verdict.equal(bins.get(), wanted, "direct");
  bins.clear();
  privatised<<<64, binCount>>>(in, bins, n);
  verdict.equal(bins.get(), wanted, "privatised");
  return verdict.finish();
}
