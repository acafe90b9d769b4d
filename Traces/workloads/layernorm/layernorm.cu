// Layer normalisation: a block to a row, four values a load, the row kept in registers; mean
// first, then the variance about it.
#include "check.h"

constexpr int threads = 128, maximalQuads = 4;
constexpr float epsilon = 1e-5f;

__device__ float acrossBlock(float value) {
  __shared__ float part[threads / 32];
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(~0u, value, step);
  __syncthreads();
  if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = value;
  __syncthreads();
  float sum = 0;
  for (float each : part) sum += each;
  return sum;
}

__global__ void layerNorm(const float4 *in, const float4 *weight, const float4 *bias, float4 *out,
                          int quads) {
  in += blockIdx.x * quads;
  out += blockIdx.x * quads;
  float4 own[maximalQuads];
  float sum = 0;
#pragma unroll
  for (int j = 0; j < maximalQuads; j++) {
    int i = j * threads + threadIdx.x;
    own[j] = i < quads ? in[i] : make_float4(0, 0, 0, 0);
    sum += own[j].x + own[j].y + own[j].z + own[j].w;
  }
  float mean = acrossBlock(sum) / (4 * quads), squares = 0;
#pragma unroll
  for (int j = 0; j < maximalQuads; j++) {
    own[j].x -= mean;
    own[j].y -= mean;
    own[j].z -= mean;
    own[j].w -= mean;
    if (j * threads + threadIdx.x < quads)
      squares += own[j].x * own[j].x + own[j].y * own[j].y + own[j].z * own[j].z +
                 own[j].w * own[j].w;
  }
  float scale = rsqrtf(acrossBlock(squares) / (4 * quads) + epsilon);
#pragma unroll
  for (int j = 0; j < maximalQuads; j++) {
    int i = j * threads + threadIdx.x;
    if (i >= quads) break;
    float4 w = weight[i], b = bias[i];
    out[i] = make_float4(own[j].x * scale * w.x + b.x, own[j].y * scale * w.y + b.y,
                         own[j].z * scale * w.z + b.z, own[j].w * scale * w.w + b.w);
  }
}

int main(int argc, char **argv) {
  int rows = argument(argc, argv, 1, 64);
  int columns = std::min(argument(argc, argv, 2, 768), 4 * maximalQuads * threads) / 4 * 4;
  Generator random;
  std::vector<float> values(rows * columns), weight(columns), bias(columns);
  for (float &value : values) value = random.between(-3, 5);
  for (float &value : weight) value = random.between(0.5f, 1.5f);
  for (float &value : bias) value = random.between(-1, 1);
  std::vector<double> wanted(rows * columns);
  for (int row = 0; row < rows; row++) {
    const float *x = &values[row * columns];
    double mean = 0, variance = 0;
    for (int i = 0; i < columns; i++) mean += x[i];
    mean /= columns;
    for (int i = 0; i < columns; i++) variance += (x[i] - mean) * (x[i] - mean);
    variance /= columns;
    for (int i = 0; i < columns; i++)
      wanted[row * columns + i] =
          (x[i] - mean) / std::sqrt(variance + epsilon) * weight[i] + bias[i];
  }
  Device<float> in(values), w(weight), b(bias), out(rows * columns);
  Verdict verdict("layernorm");
  layerNorm<<<rows, threads>>>((const float4 *)in.data, (const float4 *)w.data,
                               (const float4 *)b.data, (float4 *)out.data, columns / 4);
  verdict.close(out.get(), wanted, "value", 1e-5, 1e-5);
  return verdict.finish();
}
