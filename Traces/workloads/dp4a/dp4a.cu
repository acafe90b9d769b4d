// Dot products of packed bytes and half-words in 32-bit registers, signed and unsigned: a
// convolution along rows of 8-bit samples and the single instructions.
#include "check.h"

enum Word { signed4, unsigned4, signedLow2, signedHigh2, unsignedLow2, unsignedHigh2, words };

__global__ void single(const int *a, const int *b, int *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  int x = a[i], y = b[i];
  unsigned ux = (unsigned)x, uy = (unsigned)y;
  out[signed4 * n + i] = __dp4a(x, y, i);
  out[unsigned4 * n + i] = (int)__dp4a(ux, uy, (unsigned)i);
  out[signedLow2 * n + i] = __dp2a_lo(x, y, i);
  out[signedHigh2 * n + i] = __dp2a_hi(x, y, i);
  out[unsignedLow2 * n + i] = (int)__dp2a_lo(ux, uy, (unsigned)i);
  out[unsignedHigh2 * n + i] = (int)__dp2a_hi(ux, uy, (unsigned)i);
}

constexpr int taps = 16;
__constant__ int filter[taps / 4];

// Each output is the dot product of the filter and the samples from its position on.
__global__ void convolve(const int *samples, int *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  int sum = 0;
  for (int j = 0; j < taps / 4; j++) {
    int word = i / 4 + j;
    int four = __funnelshift_r(samples[word], samples[word + 1], i % 4 * 8);
    sum = __dp4a(four, filter[j], sum);
  }
  out[i] = sum;
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 4000) / 4 * 4;
  Generator random;
  std::vector<int> a(n), b(n), wanted(words * n);
  for (int i = 0; i < n; i++) {
    a[i] = (int)random.word();
    b[i] = (int)random.word();
    int sums[words];
    for (int &sum : sums) sum = i;
    for (int j = 0; j < 4; j++) {
      int left = a[i] >> 8 * j, right = b[i] >> 8 * j;
      sums[signed4] += (int8_t)left * (int8_t)right;
      sums[unsigned4] += (uint8_t)left * (uint8_t)right;
      // Two half-words of the first meet the lower or the upper two bytes of the second.
      int wide = a[i] >> 16 * (j % 2);
      sums[j < 2 ? signedLow2 : signedHigh2] += (int16_t)wide * (int8_t)right;
      sums[j < 2 ? unsignedLow2 : unsignedHigh2] += (uint16_t)wide * (uint8_t)right;
    }
    for (int j = 0; j < words; j++) wanted[j * n + i] = sums[j];
  }
  Device<int> da(a), db(b), out(words * n);
  Verdict verdict("dp4a");
  single<<<ceilDivide(n, 128), 128>>>(da, db, out, n);
  verdict.equal(out.get(), wanted, "dot product");

  std::vector<int> samples(n / 4 + taps / 4 + 1), weights(taps / 4), sums(n);
  for (int &four : samples) four = (int)random.word();
  for (int &four : weights) four = (int)random.word();
  auto byte = [](const std::vector<int> &from, int i) {
    return (int8_t)(from[i / 4] >> i % 4 * 8);
  };
  for (int i = 0; i < n; i++)
    for (int j = 0; j < taps; j++) sums[i] += byte(samples, i + j) * byte(weights, j);
  CHECK(cudaMemcpyToSymbol(filter, weights.data(), taps));
  Device<int> ds(samples), convolved(n);
  convolve<<<ceilDivide(n, 128), 128>>>(ds, convolved, n);
  verdict.equal(convolved.get(), sums, "convolution");
  return verdict.finish();
}
