// Allocation in stream order: from the device's own pool and from one that the program makes.
#include "check.h"

__global__ void fill(int *data, int value, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) data[i] = value + i;
}

__global__ void add(const int *a, const int *b, int *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = a[i] + b[i];
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 5000);
  size_t bytes = n * sizeof(int);
  Verdict verdict("pools");
  int supported;
  CHECK(cudaDeviceGetAttribute(&supported, cudaDevAttrMemoryPoolsSupported, 0));
  verdict.expect(supported, "support");
  cudaStream_t stream;
  CHECK(cudaStreamCreate(&stream));

  cudaMemPool_t own, standard;
  cudaMemPoolProps properties = {};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location.type = cudaMemLocationTypeDevice;
  properties.location.id = 0;
  CHECK(cudaMemPoolCreate(&own, &properties));
  uint64_t threshold = 1 << 20;
  CHECK(cudaMemPoolSetAttribute(own, cudaMemPoolAttrReleaseThreshold, &threshold));
  CHECK(cudaDeviceGetDefaultMemPool(&standard, 0));

  // Memory that is freed in one round may come back in the next, but never while it is in use.
  std::vector<int> found(n);
  for (int round = 0; round < 4; round++) {
    int *a, *b, *sum;
    CHECK(cudaMallocAsync(&a, bytes, stream));
    CHECK(cudaMallocFromPoolAsync(&b, bytes, own, stream));
    CHECK(cudaMallocFromPoolAsync(&sum, bytes, standard, stream));
    fill<<<ceilDivide(n, 128), 128, 0, stream>>>(a, round, n);
    fill<<<ceilDivide(n, 128), 128, 0, stream>>>(b, 1000 * round, n);
    CHECK(cudaMemsetAsync(sum, 0xff, bytes, stream));
    add<<<ceilDivide(n, 128), 128, 0, stream>>>(a, b, sum, n);
    CHECK(cudaFreeAsync(a, stream));
    CHECK(cudaFreeAsync(b, stream));
    CHECK(cudaMemcpyAsync(found.data(), sum, bytes, cudaMemcpyDeviceToHost, stream));
    CHECK(cudaFreeAsync(sum, stream));
    CHECK(cudaGetLastError());
    CHECK(cudaStreamSynchronize(stream));
    for (int i = 0; i < n; i++) verdict.expect(found[i] == 1001 * round + 2 * i, "sum", i);
  }
  CHECK(cudaMemPoolTrimTo(own, 0));
  CHECK(cudaMemPoolDestroy(own));
  CHECK(cudaStreamDestroy(stream));
  return verdict.finish();
}
