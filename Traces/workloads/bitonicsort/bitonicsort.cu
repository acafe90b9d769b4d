// Bitonic sort: distances within a block's 1024 keys are handled in shared memory, longer ones by
// a kernel a step.
#include "check.h"

constexpr int chunk = 1024, threads = chunk / 2;

__device__ void order(unsigned &a, unsigned &b, bool ascending) {
  if ((a > b) == ascending) {
    unsigned kept = a;
    a = b;
    b = kept;
  }
}

// All steps of the sequences of firstSize to lastSize keys whose distance is below the chunk.
__global__ void within(unsigned *keys, int firstSize, int lastSize) {
  __shared__ unsigned part[chunk];
  int first = blockIdx.x * chunk;
  for (int i = threadIdx.x; i < chunk; i += threads) part[i] = keys[first + i];
  for (int size = firstSize; size <= lastSize; size *= 2)
    for (int distance = min(size, chunk) / 2; distance > 0; distance /= 2) {
      __syncthreads();
      int i = 2 * threadIdx.x - (threadIdx.x & (distance - 1));
      order(part[i], part[i + distance], ((first + i) & size) == 0);
    }
  __syncthreads();
  for (int i = threadIdx.x; i < chunk; i += threads) keys[first + i] = part[i];
}

__global__ void across(unsigned *keys, int size, int distance) {
  int thread = blockIdx.x * blockDim.x + threadIdx.x;
  int i = 2 * thread - (thread & (distance - 1));
  order(keys[i], keys[i + distance], (i & size) == 0);
}

int main(int argc, char **argv) {
  int n = chunk;
  while (n < argument(argc, argv, 1, 4096)) n *= 2;
  Generator random;
  std::vector<unsigned> keys(n);
  for (unsigned &key : keys) key = random.word();
  Device<unsigned> device(keys);
  within<<<n / chunk, threads>>>(device, 2, chunk);
  for (int size = 2 * chunk; size <= n; size *= 2) {
    for (int distance = size / 2; distance >= chunk; distance /= 2)
      across<<<n / chunk, threads>>>(device, size, distance);
    within<<<n / chunk, threads>>>(device, size, size);
  }
  Verdict verdict("bitonicsort");
  std::sort(keys.begin(), keys.end());
  verdict.equal(device.get(), keys, "key");
  return verdict.finish();
}
