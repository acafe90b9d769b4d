// A 7 x 7 convolution with the filter in constant memory; outside the image everything is zero.
#include "check.h"

constexpr int radius = 3, side = 2 * radius + 1;

__constant__ float filter[side * side];

__global__ void convolve(const float *in, float *out, int n) {
  int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= n || y >= n) return;
  float sum = 0;
  for (int j = -radius; j <= radius; j++)
    for (int i = -radius; i <= radius; i++) {
      int px = x + i, py = y + j;
      if (px >= 0 && py >= 0 && px < n && py < n)
        sum += filter[(j + radius) * side + i + radius] * in[py * n + px];
    }
  out[y * n + x] = sum;
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 96);
  Generator random;
  std::vector<float> image(n * n), weights(side * side);
  for (float &value : image) value = random.unit();
  for (float &value : weights) value = random.between(-0.5f, 0.5f);
  std::vector<double> wanted(n * n);
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x++)
      for (int j = -radius; j <= radius; j++)
        for (int i = -radius; i <= radius; i++)
          if (x + i >= 0 && y + j >= 0 && x + i < n && y + j < n)
            wanted[y * n + x] += (double)weights[(j + radius) * side + i + radius] *
                                 image[(y + j) * n + x + i];
  CHECK(cudaMemcpyToSymbol(filter, weights.data(), weights.size() * sizeof(float)));
  Device<float> in(image), out(n * n);
  Verdict verdict("convolution2d");
  convolve<<<dim3(ceilDivide(n, 16), ceilDivide(n, 16)), dim3(16, 16)>>>(in, out, n);
  verdict.close(out.get(), wanted, "pixel", 1e-5, 1e-5);
  return verdict.finish();
}
