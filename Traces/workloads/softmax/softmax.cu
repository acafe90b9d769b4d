// Row-wise softmax, a block to a row.
#include "check.h"

__device__ float reduce(float value, bool isMaximum) {
  __shared__ float parts[8];
  for (int step = 16; step > 0; step >>= 1) {
    float other = __shfl_xor_sync(~0u, value, step);
    value = isMaximum ? fmaxf(value, other) : value + other;
  }
  __syncthreads();
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
  __syncthreads();
  value = parts[0];
  for (int i = 1; i < 8; i++) value = isMaximum ? fmaxf(value, parts[i]) : value + parts[i];
  return value;
}

__global__ void softmax(const float *in, float *out, int width) {
  in += blockIdx.x * width;
  out += blockIdx.x * width;
  float greatest = -INFINITY, sum = 0;
  for (int i = threadIdx.x; i < width; i += 256) greatest = fmaxf(greatest, in[i]);
  greatest = reduce(greatest, true);
  for (int i = threadIdx.x; i < width; i += 256) sum += __expf(in[i] - greatest);
  sum = reduce(sum, false);
  for (int i = threadIdx.x; i < width; i += 256) out[i] = __expf(in[i] - greatest) / sum;
}

int main(int argc, char **argv) {
  int rows = argument(argc, argv, 1, 64), width = argument(argc, argv, 2, 1000);
  Generator random;
  std::vector<float> a(rows * width);
  for (float &v : a) v = 10 * random.unit() - 5;
  Device<float> in(a), out(rows * width);
  softmax<<<rows, 256>>>(in, out, width);
  auto found = out.get();
  Verdict verdict("softmax");
  for (int row = 0; row < rows; row++) {
    double sum = 0;
    for (int i = 0; i < width; i++) sum += exp((double)a[row * width + i]);
    for (int i = 0; i < width; i++)
      verdict.expect(near(found[row * width + i], exp((double)a[row * width + i]) / sum, 1e-4),
                     "weight", row * width + i);
  }
  return verdict.finish();
}
