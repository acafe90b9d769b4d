// Launches in all their forms, streams, events, host functions, graphs, device printf.
#include "check.h"

#include <cooperative_groups.h>
#include <thread>

__global__ void add(int *data, int value) { data[threadIdx.x] += value; }
__global__ void many(char a, double b, short c, int3 d, int *out) {
  *out = a + (int)b + c + d.x + d.y + d.z;
}
__global__ void dynamic(int *out, int n) {
  extern __shared__ int cells[];
  cells[threadIdx.x] = threadIdx.x;
  __syncthreads();
  if (threadIdx.x == 0) {
    int sum = 0;
    for (int i = 0; i < n; i++) sum += cells[i];
    *out = sum;
  }
}
__global__ void __launch_bounds__(128) bounded(int *out) { out[0] = 1; }
__global__ void together(int *out) {
  atomicAdd(&out[0], 1);
  cooperative_groups::this_grid().sync();
  if (threadIdx.x == 0) out[1 + blockIdx.x] = out[0];
}
__global__ void speak(const char *, int n, double x) {
  if (threadIdx.x == 0)
    printf("%s %5d|%-4d|%04x|%.3f|%c|%llu|%%\n", "kernel", n, n, n, x, 'q', 1ull << 40);
}

static int *data;

static int first() {
  int value;
  SUCCEEDS(cudaMemcpy(&value, data, sizeof value, cudaMemcpyDeviceToHost));
  return value;
}

static void clear() { SUCCEEDS(cudaMemset(data, 0, 4096)); }

static void forms() {
  clear();
  add<<<1, 32>>>(data, 5);
  CHECK(first() == 5);
  int three = 3;
  void *arguments[] = {&data, &three};
  SUCCEEDS(cudaLaunchKernel(add, dim3(1), dim3(32), arguments, 0, nullptr));
  CHECK(first() == 8);
  cudaLaunchConfig_t configuration = {};
  configuration.gridDim = 1;
  configuration.blockDim = 32;
  SUCCEEDS(cudaLaunchKernelEx(&configuration, add, data, 2));
  CHECK(first() == 10);
  many<<<1, 1>>>(1, 2.5, 3, make_int3(4, 5, 6), data);
  CHECK(first() == 21);
  dynamic<<<1, 64, 256>>>(data, 64);
  CHECK(first() == 64 * 63 / 2);
  void *both[] = {&data};
  clear();
  SUCCEEDS(cudaLaunchCooperativeKernel(together, dim3(4), dim3(32), both));
  int all[5];
  SUCCEEDS(cudaMemcpy(all, data, sizeof all, cudaMemcpyDeviceToHost));
  for (int i = 0; i < 5; i++) CHECK(all[i] == 128);
}

static void refusals() {
  add<<<1, 2048>>>(data, 1);
  ANSWERS(cudaGetLastError(), cudaErrorInvalidConfiguration);
  add<<<0, 32>>>(data, 1);
  ANSWERS(cudaPeekAtLastError(), cudaErrorInvalidConfiguration);
  SUCCEEDS(cudaGetLastError());
  add<<<1, 32, 60 << 10>>>(data, 1);
  ANSWERS(cudaGetLastError(), cudaErrorInvalidValue);
  SUCCEEDS(cudaFuncSetAttribute(dynamic, cudaFuncAttributeMaxDynamicSharedMemorySize, 60 << 10));
  dynamic<<<1, 64, 60 << 10>>>(data, 64);
  SUCCEEDS(cudaGetLastError());
  bounded<<<1, 256>>>(data);
  CHECK(cudaGetLastError() != cudaSuccess);
  void *arguments[] = {&data};
  ANSWERS(cudaLaunchCooperativeKernel(together, dim3(60000), dim3(1024), arguments),
          cudaErrorCooperativeLaunchTooLarge);
  ANSWERS(cudaLaunchKernel((const void *)&data, dim3(1), dim3(1), arguments, 0, nullptr),
          cudaErrorInvalidDeviceFunction);
}

static void functions() {
  cudaFuncAttributes attributes;
  SUCCEEDS(cudaFuncGetAttributes(&attributes, bounded));
  CHECK(attributes.maxThreadsPerBlock == 128 && attributes.numRegs > 0);
  CHECK(attributes.maxDynamicSharedSizeBytes == 48 << 10);
  int blocks, minimum, size;
  SUCCEEDS(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, add, 128, 0));
  CHECK(blocks >= 8);
  SUCCEEDS(cudaOccupancyMaxPotentialBlockSize(&minimum, &size, add));
  CHECK(minimum > 0 && size >= 128);
}

static void callback(void *argument) { ++*(int *)argument; }

static void streams() {
  cudaStream_t stream, other;
  SUCCEEDS(cudaStreamCreate(&stream));
  SUCCEEDS(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking));
  cudaEvent_t start, stop;
  SUCCEEDS(cudaEventCreate(&start));
  SUCCEEDS(cudaEventCreate(&stop));
  float elapsed;
  ANSWERS(cudaEventElapsedTime(&elapsed, start, stop), cudaErrorInvalidResourceHandle);
  clear();
  SUCCEEDS(cudaEventRecord(start, stream));
  add<<<1, 32, 0, stream>>>(data, 1);
  SUCCEEDS(cudaEventRecord(stop, stream));
  SUCCEEDS(cudaStreamWaitEvent(other, stop, 0));
  add<<<1, 32, 0, other>>>(data, 1);
  SUCCEEDS(cudaStreamSynchronize(other));
  SUCCEEDS(cudaEventElapsedTime(&elapsed, start, stop));
  CHECK(elapsed > 0 && first() == 2);
  int count = 0;
  SUCCEEDS(cudaLaunchHostFunc(stream, callback, &count));
  SUCCEEDS(cudaStreamSynchronize(stream));
  CHECK(count == 1);
  SUCCEEDS(cudaEventDestroy(start));
  SUCCEEDS(cudaEventDestroy(stop));
  SUCCEEDS(cudaStreamDestroy(stream));
  SUCCEEDS(cudaStreamDestroy(other));
  ANSWERS(cudaStreamSynchronize(stream), cudaErrorInvalidResourceHandle);
}

static void captured() {
  cudaStream_t stream, side;
  cudaEvent_t fork, join;
  SUCCEEDS(cudaStreamCreate(&stream));
  SUCCEEDS(cudaStreamCreate(&side));
  SUCCEEDS(cudaEventCreate(&fork));
  SUCCEEDS(cudaEventCreate(&join));
  clear();
  int count = 0;
  SUCCEEDS(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  add<<<1, 32, 0, stream>>>(data, 1);
  SUCCEEDS(cudaEventRecord(fork, stream));
  SUCCEEDS(cudaStreamWaitEvent(side, fork, 0));
  add<<<1, 32, 0, side>>>(data, 10);
  SUCCEEDS(cudaLaunchHostFunc(side, callback, &count));
  SUCCEEDS(cudaEventRecord(join, side));
  SUCCEEDS(cudaStreamWaitEvent(stream, join, 0));
  cudaStreamCaptureStatus status;
  SUCCEEDS(cudaStreamIsCapturing(side, &status));
  CHECK(status == cudaStreamCaptureStatusActive);
  cudaGraph_t graph;
  SUCCEEDS(cudaStreamEndCapture(stream, &graph));
  CHECK(first() == 0 && count == 0);
  cudaGraphExec_t executable;
  SUCCEEDS(cudaGraphInstantiate(&executable, graph, 0));
  for (int i = 0; i < 3; i++) SUCCEEDS(cudaGraphLaunch(executable, stream));
  SUCCEEDS(cudaStreamSynchronize(stream));
  CHECK(first() == 33 && count == 3);
  SUCCEEDS(cudaGraphExecDestroy(executable));
  SUCCEEDS(cudaGraphDestroy(graph));
}

static void built() {
  clear();
  cudaGraph_t graph;
  SUCCEEDS(cudaGraphCreate(&graph, 0));
  int five = 5, result = 0;
  void *arguments[] = {&data, &five};
  cudaKernelNodeParams kernel = {};
  kernel.func = (void *)add;
  kernel.gridDim = 1;
  kernel.blockDim = 32;
  kernel.kernelParams = arguments;
  cudaGraphNode_t copy, launch, fill;
  SUCCEEDS(cudaGraphAddMemcpyNode1D(&copy, graph, nullptr, 0, &result, data, 4,
                                    cudaMemcpyDeviceToHost));
  SUCCEEDS(cudaGraphAddKernelNode(&launch, graph, nullptr, 0, &kernel));
  cudaMemsetParams set = {};
  set.dst = data;
  set.value = 100;
  set.elementSize = 4;
  set.width = 32;
  set.height = 1;
  SUCCEEDS(cudaGraphAddMemsetNode(&fill, graph, nullptr, 0, &set));
#if CUDART_VERSION >= 13000
  SUCCEEDS(cudaGraphAddDependencies(graph, &launch, &copy, nullptr, 1));
  SUCCEEDS(cudaGraphAddDependencies(graph, &fill, &launch, nullptr, 1));
#else
  SUCCEEDS(cudaGraphAddDependencies(graph, &launch, &copy, 1));
  SUCCEEDS(cudaGraphAddDependencies(graph, &fill, &launch, 1));
#endif
  size_t count = 0;
  SUCCEEDS(cudaGraphGetNodes(graph, nullptr, &count));
  CHECK(count == 3);
  cudaGraphExec_t executable;
  SUCCEEDS(cudaGraphInstantiate(&executable, graph, 0));
  five = 7;  // The arguments were copied.
  SUCCEEDS(cudaGraphLaunch(executable, nullptr));
  CHECK(result == 105);
  SUCCEEDS(cudaGraphExecKernelNodeSetParams(executable, launch, &kernel));
  SUCCEEDS(cudaGraphLaunch(executable, nullptr));
  CHECK(result == 107);
}

static void threads() {
  clear();
  std::thread workers[4];
  for (auto &worker : workers)
    worker = std::thread([] {
      for (int i = 0; i < 5; i++) add<<<1, 32>>>(data, 1);
      add<<<1, 4096>>>(data, 1);
      CHECK(cudaGetLastError() == cudaErrorInvalidConfiguration);
    });
  for (auto &worker : workers) worker.join();
  SUCCEEDS(cudaGetLastError());
  CHECK(first() == 20);
}

int main() {
  SUCCEEDS(cudaMalloc(&data, 4096));
  forms();
  refusals();
  functions();
  streams();
  captured();
  built();
  threads();
  speak<<<1, 32>>>(nullptr, 42, 2.5);
  SUCCEEDS(cudaDeviceSynchronize());
  std::printf("launches: passed\n");
}
