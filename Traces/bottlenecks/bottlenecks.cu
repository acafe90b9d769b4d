// Kernels with one deliberate fault each, for the profile's summary to find.
//   bottlenecks uncoalesced | conflicts | latency
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

static void check(cudaError_t error, const char *what) {
  if (error == cudaSuccess) return;
  fprintf(stderr, "bottlenecks: error: %s: %s\n", what, cudaGetErrorString(error));
  exit(1);
}

// Each lane reads a line of its own: 32 sectors a request where 4 would do.
__global__ void uncoalesced(const float *matrix, float *sums, int rows, int columns) {
  const int row = blockIdx.x * blockDim.x + threadIdx.x;
  float sum = 0;
#pragma unroll 4
  for (int column = 0; column < columns; column++) sum += matrix[row * columns + column];
  if (row < rows) sums[row] = sum;
}

// A column of a tile of 32 x 32 words lies in one bank: 32 passes a request.
__global__ void conflicts(float *sums, int rounds) {
  __shared__ float tile[32][32];
  const int lane = threadIdx.x % 32;
  for (int row = threadIdx.x / 32; row < 32; row += blockDim.x / 32) tile[row][lane] = lane;
  __syncthreads();
  float sum = 0;
#pragma unroll 4
  for (int round = 0; round < rounds; round++) sum += tile[lane][(round + threadIdx.x / 32) % 32];
  sums[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}

// One warp on an SM, and each load's address is the last one's result.
__global__ void latency(const uint32_t *next, uint32_t *last, int steps) {
  uint32_t at = threadIdx.x;
#pragma unroll 4
  for (int step = 0; step < steps; step++) at = next[at];
  last[blockIdx.x * blockDim.x + threadIdx.x] = at;
}

template <typename Element>
static Element *device(const std::vector<Element> &values) {
  Element *copy;
  check(cudaMalloc(&copy, values.size() * sizeof(Element)), "memory");
  check(cudaMemcpy(copy, values.data(), values.size() * sizeof(Element), cudaMemcpyHostToDevice),
        "copy");
  return copy;
}

template <typename Element>
static std::vector<Element> host(const Element *values, size_t count) {
  std::vector<Element> copy(count);
  check(cudaMemcpy(copy.data(), values, count * sizeof(Element), cudaMemcpyDeviceToHost), "kernel");
  return copy;
}

static void expect(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "bottlenecks: error: %s: wrong result\n", what);
  exit(1);
}

int main(int count, char **arguments) {
  const char *which = count > 1 ? arguments[1] : "";
  if (!strcmp(which, "uncoalesced")) {
    constexpr int rows = 4096, columns = 64;
    const float *matrix = device(std::vector<float>(rows * columns, 1));
    float *sums = device(std::vector<float>(rows));
    uncoalesced<<<rows / 256, 256>>>(matrix, sums, rows, columns);
    for (float sum : host(sums, rows)) expect(sum == columns, which);
  } else if (!strcmp(which, "conflicts")) {
    constexpr int blocks = 4, threads = 256, rounds = 64;
    float *sums = device(std::vector<float>(blocks * threads));
    conflicts<<<blocks, threads>>>(sums, rounds);
    for (float sum : host(sums, blocks * threads)) expect(sum == rounds / 32 * 496, which);
  } else if (!strcmp(which, "latency")) {
    constexpr int blocks = 4, length = 1 << 16, stride = 1056, steps = 128;
    std::vector<uint32_t> next(length);
    for (int i = 0; i < length; i++) next[i] = (i + stride) % length;
    uint32_t *last = device(std::vector<uint32_t>(blocks * 32));
    latency<<<blocks, 32>>>(device(next), last, steps);
    const auto found = host(last, blocks * 32);
    for (int i = 0; i < blocks * 32; i++) expect(found[i] == (i % 32 + stride * steps) % length, which);
  } else {
    fprintf(stderr, "usage: bottlenecks uncoalesced | conflicts | latency\n");
    return 64;
  }
  printf("%s: passed\n", which);
}
