// Managed and pinned memory, streams, events, pools, symbols, 2D copies, attributes.
#include "check.h"

__managed__ int managed[64];
__device__ int variable = 5;
__constant__ int constants[4] = {1, 2, 3, 4};

__global__ void addTo(int *p, int value, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) p[i] += value * constants[i % 4] + variable;
}

__global__ void dynamic(int *out) {
  extern __shared__ int shared[];
  shared[threadIdx.x] = threadIdx.x * 2;
  __syncthreads();
  out[threadIdx.x] = shared[blockDim.x - 1 - threadIdx.x];
}

int main() {
  Verdict verdict("runtime");
  auto wanted = [](int i, int value, int extra, int scale = 1) {
    return value * scale * (i % 4 + 1) + extra;
  };
  for (int i = 0; i < 64; i++) managed[i] = i;
  addTo<<<1, 64>>>(managed, 10, 64);
  CHECK(cudaDeviceSynchronize());
  for (int i = 0; i < 64; i++) verdict.expect(managed[i] == i + wanted(i, 10, 5), "managed", i);

  int fresh[4] = {2, 4, 6, 8}, seven = 7, back = 0;
  CHECK(cudaMemcpyToSymbol(constants, fresh, sizeof fresh));
  CHECK(cudaMemcpyToSymbol(variable, &seven, sizeof seven));
  CHECK(cudaMemcpyFromSymbol(&back, variable, sizeof back));
  verdict.expect(back == 7, "symbol");
  int *pinned, *mapped;
  CHECK(cudaHostAlloc(&pinned, 64 * sizeof(int), cudaHostAllocMapped));
  CHECK(cudaHostGetDevicePointer((void **)&mapped, pinned, 0));
  for (int i = 0; i < 64; i++) pinned[i] = 0;
  cudaStream_t stream;
  cudaEvent_t start, end;
  CHECK(cudaStreamCreate(&stream));
  CHECK(cudaEventCreate(&start));
  CHECK(cudaEventCreate(&end));
  CHECK(cudaEventRecord(start, stream));
  addTo<<<1, 64, 0, stream>>>(mapped, 1, 64);
  CHECK(cudaEventRecord(end, stream));
  CHECK(cudaStreamWaitEvent(stream, end, 0));
  CHECK(cudaStreamSynchronize(stream));
  float milliseconds = -1;
  CHECK(cudaEventElapsedTime(&milliseconds, start, end));
  verdict.expect(milliseconds >= 0, "time");
  for (int i = 0; i < 64; i++) verdict.expect(pinned[i] == wanted(i, 1, 7, 2), "mapped", i);

  int *pooled;
  CHECK(cudaMallocAsync(&pooled, 256, stream));
  CHECK(cudaMemsetAsync(pooled, 0, 256, stream));
  addTo<<<1, 64, 0, stream>>>(pooled, 3, 64);
  std::vector<int> host(64);
  CHECK(cudaMemcpyAsync(host.data(), pooled, 256, cudaMemcpyDeviceToHost, stream));
  CHECK(cudaFreeAsync(pooled, stream));
  CHECK(cudaStreamSynchronize(stream));
  for (int i = 0; i < 64; i++) verdict.expect(host[i] == wanted(i, 3, 7, 2), "pooled", i);

  char *pitched;
  size_t pitch;
  CHECK(cudaMallocPitch(&pitched, &pitch, 100, 10));
  std::vector<char> rows(1000), copy(1000);
  for (int i = 0; i < 1000; i++) rows[i] = (char)i;
  CHECK(cudaMemcpy2D(pitched, pitch, rows.data(), 100, 100, 10, cudaMemcpyHostToDevice));
  CHECK(cudaMemset2D(pitched + 50, pitch, 1, 25, 10));
  CHECK(cudaMemcpy2D(copy.data(), 100, pitched, pitch, 100, 10, cudaMemcpyDeviceToHost));
  for (int i = 0; i < 1000; i++)
    verdict.expect(copy[i] == (i % 100 >= 50 && i % 100 < 75 ? 1 : rows[i]), "2D", i);

  std::vector<int> registered(64, 1);
  CHECK(cudaHostRegister(registered.data(), 256, cudaHostRegisterDefault));
  addTo<<<1, 64>>>(registered.data(), 1, 64);
  CHECK(cudaDeviceSynchronize());
  CHECK(cudaHostUnregister(registered.data()));
  for (int i = 0; i < 64; i++)
    verdict.expect(registered[i] == 1 + wanted(i, 1, 7, 2), "registered", i);

  CHECK(cudaFuncSetAttribute(dynamic, cudaFuncAttributeMaxDynamicSharedMemorySize, 60000));
  Device<int> out(256);
  dynamic<<<1, 256, 60000>>>(out);
  host = out.get();
  for (int i = 0; i < 256; i++) verdict.expect(host[i] == (255 - i) * 2, "dynamic shared", i);
  int resident = 0;
  CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, addTo, 256, 0));
  verdict.expect(resident > 0, "occupancy");
  cudaFuncAttributes attributes;
  CHECK(cudaFuncGetAttributes(&attributes, addTo));
  verdict.expect(attributes.numRegs > 0 && attributes.maxThreadsPerBlock == 1024, "attributes");
  addTo<<<1, 2000>>>(managed, 1, 64);
  verdict.expect(cudaGetLastError() == cudaErrorInvalidConfiguration, "configuration error");
  verdict.expect(cudaMemcpy(out.data, host.data(), 1 << 20, cudaMemcpyHostToDevice) ==
                     cudaErrorInvalidValue, "size error");
  cudaGetLastError();
  CHECK(cudaFreeHost(pinned));
  CHECK(cudaFree(pitched));
  CHECK(cudaEventDestroy(start));
  CHECK(cudaStreamDestroy(stream));
  return verdict.finish();
}
