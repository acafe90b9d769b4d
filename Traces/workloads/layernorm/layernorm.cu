// Layer normalisation with gain and bias, a warp to a row.
#include "check.h"

__global__ void normalise(const float *in, const float *gain, const float *bias, float *out,
                          int rows, int width) {
  int row = blockIdx.x * 4 + threadIdx.x / 32, lane = threadIdx.x % 32;
  if (row >= rows) return;
  float mean = 0, spread = 0;
  for (int i = lane; i < width; i += 32) mean += in[row * width + i];
  for (int step = 16; step > 0; step >>= 1) mean += __shfl_xor_sync(~0u, mean, step);
  mean /= width;
  for (int i = lane; i < width; i += 32) {
    float d = in[row * width + i] - mean;
    spread += d * d;
  }
  for (int step = 16; step > 0; step >>= 1) spread += __shfl_xor_sync(~0u, spread, step);
  float scale = rsqrtf(spread / width + 1e-5f);
  for (int i = lane; i < width; i += 32)
    out[row * width + i] = (in[row * width + i] - mean) * scale * gain[i] + bias[i];
}

int main(int argc, char **argv) {
  int rows = argument(argc, argv, 1, 128), width = argument(argc, argv, 2, 768);
  Generator random;
  std::vector<float> a(rows * width), gain(width), bias(width);
  for (float &v : a) v = random.unit();
  for (float &v : gain) v = random.unit() + 0.5f;
  for (float &v : bias) v = random.unit();
  Device<float> in(a), dg(gain), db(bias), out(rows * width);
  normalise<<<(rows + 3) / 4, 128>>>(in, dg, db, out, rows, width);
  auto found = out.get();
  Verdict verdict("layernorm");
  for (int row = 0; row < rows; row++) {
    double mean = 0, spread = 0;
    for (int i = 0; i < width; i++) mean += a[row * width + i] / (double)width;
    for (int i = 0; i < width; i++) spread += pow(a[row * width + i] - mean, 2) / width;
    for (int i = 0; i < width; i++) {
      double wanted = (a[row * width + i] - mean) / sqrt(spread + 1e-5) * gain[i] + bias[i];
      verdict.expect(near(found[row * width + i], wanted, 1e-3, 1e-3), "value", row * width + i);
    }
  }
  return verdict.finish();
}
