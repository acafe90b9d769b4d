// Histograms of 256 bins with global and with shared atomics.
#include "check.h"

__global__ void direct(const unsigned char *in, unsigned *bins, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(&bins[in[i]], 1);
}

__global__ void privatised(const unsigned char *in, unsigned *bins, int n) {
  __shared__ unsigned own[256];
  own[threadIdx.x] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(&own[in[i]], 1);
  __syncthreads();
  if (own[threadIdx.x]) atomicAdd(&bins[threadIdx.x], own[threadIdx.x]);
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 100000);
  Generator random;
  std::vector<unsigned char> a(n);
  std::vector<unsigned> wanted(256);
  for (int i = 0; i < n; i++) wanted[a[i] = (unsigned char)(random.below(16) * random.below(16))]++;
  Device<unsigned char> in(a);
  Device<unsigned> bins(256);
  Verdict verdict("histogram");
  bins.clear();
  direct<<<64, 256>>>(in, bins, n);
  verdict.equal(bins.get(), wanted, "direct bin");
  bins.clear();
  privatised<<<64, 256>>>(in, bins, n);
  verdict.equal(bins.get(), wanted, "privatised bin");
  return verdict.finish();
}
