// Softmax of rows: a block to a row in three passes, and a warp to a row in one pass that keeps
// the largest value and the sum together.
#include "check.h"

constexpr int threads = 128;

template <typename Combine>
__device__ float acrossBlock(float value, Combine combine) {
  __shared__ float part[threads / 32];
  for (int step = 16; step > 0; step /= 2)
    value = combine(value, __shfl_xor_sync(~0u, value, step));
  // Nobody may still read the last reduction's values.
  __syncthreads();
  if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = value;
  __syncthreads();
  value = part[0];
  for (int i = 1; i < threads / 32; i++) value = combine(value, part[i]);
  return value;
}

__global__ void blockRows(const float *in, float *out, int columns) {
  const float *row = in + blockIdx.x * columns;
  float largest = -INFINITY;
  for (int i = threadIdx.x; i < columns; i += threads) largest = fmaxf(largest, row[i]);
  largest = acrossBlock(largest, [](float a, float b) { return fmaxf(a, b); });
  float sum = 0;
  for (int i = threadIdx.x; i < columns; i += threads) sum += expf(row[i] - largest);
  sum = acrossBlock(sum, [](float a, float b) { return a + b; });
  for (int i = threadIdx.x; i < columns; i += threads)
    out[blockIdx.x * columns + i] = expf(row[i] - largest) / sum;
}

__global__ void warpRows(const float *in, float *out, int rows, int columns) {
  int row = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x % 32;
  if (row >= rows) return;
  in += row * columns;
  float largest = -INFINITY, sum = 0;
  for (int i = lane; i < columns; i += 32) {
    float value = in[i], previous = largest;
    largest = fmaxf(largest, value);
    sum = sum * __expf(previous - largest) + __expf(value - largest);
  }
  for (int step = 16; step > 0; step /= 2) {
    float other = __shfl_xor_sync(~0u, largest, step);
    float otherSum = __shfl_xor_sync(~0u, sum, step);
    float both = fmaxf(largest, other);
    sum = sum * __expf(largest - both) + otherSum * __expf(other - both);
    largest = both;
  }
  for (int i = lane; i < columns; i += 32)
    out[row * columns + i] = __fdividef(__expf(in[i] - largest), sum);
}

int main(int argc, char **argv) {
  int rows = argument(argc, argv, 1, 64);
  // A lane without a value would subtract infinities.
  int columns = std::max(argument(argc, argv, 2, 500), 32);
  Generator random;
  std::vector<float> values(rows * columns);
  for (float &value : values) value = random.between(-8, 8);
  std::vector<double> wanted(rows * columns);
  for (int row = 0; row < rows; row++) {
    double sum = 0;
    for (int i = 0; i < columns; i++) sum += std::exp((double)values[row * columns + i]);
    for (int i = 0; i < columns; i++)
      wanted[row * columns + i] = std::exp((double)values[row * columns + i]) / sum;
  }
  Device<float> in(values), out(rows * columns);
  Verdict verdict("softmax");
  blockRows<<<rows, threads>>>(in, out, columns);
  verdict.close(out.get(), wanted, "block rows", 1e-5, 1e-8);
  out.clear();
  warpRows<<<ceilDivide(rows, threads / 32), threads>>>(in, out, rows, columns);
  verdict.close(out.get(), wanted, "warp rows", 1e-4, 1e-7);
  return verdict.finish();
}
