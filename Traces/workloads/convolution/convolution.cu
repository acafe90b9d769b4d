// 7x7 convolution with the filter in constant memory.
#include "check.h"

__constant__ float filter[49];

__global__ void convolve(const float *in, float *out, int n) {
  int x = blockIdx.x * 16 + threadIdx.x, y = blockIdx.y * 16 + threadIdx.y;
  if (x >= n || y >= n) return;
  float sum = 0;
  for (int j = -3; j <= 3; j++)
    for (int i = -3; i <= 3; i++) {
      int px = x + i, py = y + j;
      if (px >= 0 && py >= 0 && px < n && py < n)
        sum += filter[(j + 3) * 7 + i + 3] * in[py * n + px];
    }
  out[y * n + x] = sum;
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 96);
  Generator random;
  std::vector<float> a(n * n), weights(49);
  for (float &v : a) v = random.unit();
  for (float &v : weights) v = random.unit() - 0.5f;
  CHECK(cudaMemcpyToSymbol(filter, weights.data(), 49 * sizeof(float)));
  Device<float> in(a), out(n * n);
  convolve<<<dim3((n + 15) / 16, (n + 15) / 16), dim3(16, 16)>>>(in, out, n);
  auto found = out.get();
  Verdict verdict("convolution");
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x++) {
      double sum = 0;
      for (int j = -3; j <= 3; j++)
        for (int i = -3; i <= 3; i++)
          if (x + i >= 0 && y + j >= 0 && x + i < n && y + j < n)
            sum += weights[(j + 3) * 7 + i + 3] * a[(y + j) * n + x + i];
      verdict.expect(near(found[y * n + x], sum, 1e-4, 1e-5), "pixel", y * n + x);
    }
  return verdict.finish();
}
