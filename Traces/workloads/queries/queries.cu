// What a program asks before it works: the device's properties, a kernel's attributes, how many
// blocks fit, how much memory is free; and the errors that wrong requests must give.
#include "check.h"

__global__ void __launch_bounds__(256) store(int *out, int value) {
  __shared__ int staged[64];
  staged[threadIdx.x % 64] = value;
  __syncthreads();
  out[threadIdx.x] = staged[(threadIdx.x + 1) % 64];
}

int main() {
  Verdict verdict("queries");
  int count, device, version, driver;
  CHECK(cudaGetDeviceCount(&count));
  verdict.expect(count >= 1, "count");
  CHECK(cudaSetDevice(0));
  CHECK(cudaGetDevice(&device));
  verdict.expect(device == 0, "device");
  CHECK(cudaRuntimeGetVersion(&version));
  CHECK(cudaDriverGetVersion(&driver));
  verdict.expect(version >= 12000 && driver >= 12000, "version");

  cudaDeviceProp properties;
  CHECK(cudaGetDeviceProperties(&properties, 0));
  verdict.expect(properties.warpSize == 32, "warp size");
  verdict.expect(properties.maxThreadsPerBlock == 1024, "threads of a block");
  verdict.expect(properties.regsPerMultiprocessor == 65536, "registers");
  verdict.expect(properties.sharedMemPerBlock == 48 << 10, "shared memory");
  verdict.expect(properties.multiProcessorCount > 0 && properties.totalGlobalMem > 0, "size");
  verdict.expect(std::strlen(properties.name) > 0, "name");
  auto attribute = [](cudaDeviceAttr which) {
    int value;
    CHECK(cudaDeviceGetAttribute(&value, which, 0));
    return value;
  };
  verdict.expect(attribute(cudaDevAttrComputeCapabilityMajor) == properties.major, "major");
  verdict.expect(attribute(cudaDevAttrComputeCapabilityMinor) == properties.minor, "minor");
  verdict.expect(attribute(cudaDevAttrMultiProcessorCount) == properties.multiProcessorCount,
                 "multiprocessors");
  size_t available, total;
  CHECK(cudaMemGetInfo(&available, &total));
  verdict.expect(available <= total, "memory");

  cudaFuncAttributes attributes;
  CHECK(cudaFuncGetAttributes(&attributes, store));
  verdict.expect(attributes.numRegs > 0 && attributes.numRegs <= 255, "kernel's registers");
  verdict.expect(attributes.maxThreadsPerBlock == 256, "kernel's threads");
  verdict.expect(attributes.sharedSizeBytes >= 256, "kernel's shared memory");
  int blocks, size, grid;
  CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, store, 256, 0));
  verdict.expect(blocks == properties.maxThreadsPerMultiProcessor / 256, "occupancy");
  CHECK(cudaOccupancyMaxPotentialBlockSize(&grid, &size, store));
  verdict.expect(size > 0 && size <= 256 && grid > 0, "best block");

  // Errors that a call returns, that stay to be asked for, and that go once asked for.
  Device<int> out(256);
  store<<<1, 2000>>>(out, 1);
  verdict.expect(cudaPeekAtLastError() == cudaErrorInvalidConfiguration, "peeked error");
  verdict.expect(cudaGetLastError() == cudaErrorInvalidConfiguration, "too many threads");
  verdict.expect(cudaGetLastError() == cudaSuccess, "error taken");
  store<<<0, 32>>>(out, 1);
  verdict.expect(cudaGetLastError() == cudaErrorInvalidConfiguration, "empty grid");
  int *huge;
  verdict.expect(cudaMalloc(&huge, size_t(1) << 55) == cudaErrorMemoryAllocation,
                 "too much memory");
  cudaGetLastError();
  verdict.expect(cudaSetDevice(1000) == cudaErrorInvalidDevice, "no such device");
  cudaGetLastError();
  verdict.expect(!std::strcmp(cudaGetErrorName(cudaErrorInvalidValue), "cudaErrorInvalidValue"),
                 "error's name");
  verdict.expect(std::strlen(cudaGetErrorString(cudaErrorInvalidValue)) > 0, "error's text");

  store<<<1, 256>>>(out, 42);
  verdict.equal(out.get(), std::vector<int>(256, 42), "value");
  return verdict.finish();
}
