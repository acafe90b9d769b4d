// Fused attention, forward: a block holds 64 queries of a head in registers and walks over tiles
// of 64 keys and values; the softmax is kept up to date as the tiles pass, and the scores never
// leave the registers. Once with all keys, once causal.
#include "check.h"
#include "tensor.h"

constexpr int width = 64, queries = 64, keys = 64, threads = 128;
constexpr float log2e = 1.44269504f;

typedef __half Tile[64][width + 8];

__device__ void fetch(Tile &tile, const __half *from) {
  for (int i = threadIdx.x; i < 64 * width / 8; i += threads)
    copyAsync(&tile[i / (width / 8)][i % (width / 8) * 8], from + i * 8);
}

__device__ uint32_t pack(float low, float high) {
  __half2 both = __floats2half2_rn(low, high);
  return *(uint32_t *)&both;
}

// The four lanes that hold a row of an accumulator.
__device__ float largestOfRow(float value) {
  value = fmaxf(value, __shfl_xor_sync(~0u, value, 1));
  return fmaxf(value, __shfl_xor_sync(~0u, value, 2));
}

__device__ float sumOfRow(float value) {
  value += __shfl_xor_sync(~0u, value, 1);
  return value + __shfl_xor_sync(~0u, value, 2);
}

__global__ __launch_bounds__(threads) void attention(const __half *q, const __half *k,
                                                     const __half *v, float *out, int length,
                                                     bool causal) {
  __shared__ __align__(16) Tile qTile, kTile, vTile;
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  size_t head = (size_t)blockIdx.y * length * width;

  fetch(qTile, q + head + blockIdx.x * queries * width);
  closeGroup();
  waitGroups<0>();
  __syncthreads();
  uint32_t left[width / 16][4];
#pragma unroll
  for (int i = 0; i < width / 16; i++)
    loadMatrices(left[i], &qTile[warp * 16 + lane % 16][i * 16 + lane / 16 * 8]);

  // Of each pair, the first is of the lane's upper row, the second of the row eight below.
  float sums[width / 8][4] = {}, largest[2] = {-INFINITY, -INFINITY}, total[2] = {};
  float scale = log2e * rsqrtf(width);
  int tiles = causal ? blockIdx.x + 1 : length / keys;
  for (int tile = 0; tile < tiles; tile++) {
    __syncthreads();
    fetch(kTile, k + head + tile * keys * width);
    fetch(vTile, v + head + tile * keys * width);
    closeGroup();
    waitGroups<0>();
    __syncthreads();

    float scores[keys / 8][4] = {};
#pragma unroll
    for (int i = 0; i < width / 16; i++)
#pragma unroll
      for (int j = 0; j < keys / 16; j++) {
        uint32_t right[4];
        loadMatrices(right, &kTile[j * 16 + lane / 16 * 8 + lane % 8][i * 16 + lane / 8 % 2 * 8]);
        multiply(scores[2 * j], left[i], right[0], right[1]);
        multiply(scores[2 * j + 1], left[i], right[2], right[3]);
      }

#pragma unroll
    for (int half = 0; half < 2; half++) {
      int query = blockIdx.x * queries + warp * 16 + lane / 4 + half * 8;
      float most = largest[half];
#pragma unroll
      for (int j = 0; j < keys / 8; j++)
#pragma unroll
        for (int i = 0; i < 2; i++) {
          float &score = scores[j][half * 2 + i];
          score *= scale;
          if (causal && tile * keys + j * 8 + lane % 4 * 2 + i > query) score = -INFINITY;
          most = fmaxf(most, score);
        }
      most = largestOfRow(most);
      float shrink = exp2f(largest[half] - most);
      largest[half] = most;
      total[half] *= shrink;
#pragma unroll
      for (int j = 0; j < keys / 8; j++)
#pragma unroll
        for (int i = 0; i < 2; i++) {
          float &score = scores[j][half * 2 + i];
          score = exp2f(score - most);
          total[half] += score;
        }
#pragma unroll
      for (int j = 0; j < width / 8; j++) {
        sums[j][half * 2] *= shrink;
        sums[j][half * 2 + 1] *= shrink;
      }
    }

    // Two neighbouring accumulators of the first product are a left operand of the second.
#pragma unroll
    for (int i = 0; i < keys / 16; i++) {
      const float *first = scores[2 * i], *second = scores[2 * i + 1];
      uint32_t weights[4] = {pack(first[0], first[1]), pack(first[2], first[3]),
                             pack(second[0], second[1]), pack(second[2], second[3])};
#pragma unroll
      for (int j = 0; j < width / 16; j++) {
        uint32_t right[4];
        loadTransposed(right, &vTile[i * 16 + lane % 16][j * 16 + lane / 16 * 8]);
        multiply(sums[2 * j], weights, right[0], right[1]);
        multiply(sums[2 * j + 1], weights, right[2], right[3]);
      }
    }
  }

#pragma unroll
  for (int half = 0; half < 2; half++) {
    float inverse = 1 / sumOfRow(total[half]);
    int query = blockIdx.x * queries + warp * 16 + lane / 4 + half * 8;
    float *row = out + head + query * width + lane % 4 * 2;
#pragma unroll
    for (int j = 0; j < width / 8; j++)
      *(float2 *)(row + j * 8) =
          make_float2(sums[j][half * 2] * inverse, sums[j][half * 2 + 1] * inverse);
  }
}

std::vector<double> reference(const std::vector<__half> &q, const std::vector<__half> &k,
                              const std::vector<__half> &v, int heads, int length, bool causal) {
  std::vector<double> out(q.size()), scores(length);
  auto dot = [](const __half *a, const __half *b) {
    double sum = 0;
    for (int i = 0; i < width; i++) sum += (double)__half2float(a[i]) * __half2float(b[i]);
    return sum;
  };
  for (int head = 0; head < heads; head++)
    for (int query = 0; query < length; query++) {
      size_t first = (size_t)head * length * width, row = first + query * width;
      int count = causal ? query + 1 : length;
      double total = 0;
      for (int key = 0; key < count; key++)
        total += scores[key] = std::exp(dot(&q[row], &k[first + key * width]) / std::sqrt(width));
      for (int key = 0; key < count; key++)
        for (int i = 0; i < width; i++)
          out[row + i] += scores[key] / total * __half2float(v[first + key * width + i]);
    }
  return out;
}

int main(int argc, char **argv) {
  int length = argument(argc, argv, 1, 192) / queries * queries;
  int heads = argument(argc, argv, 2, 2);
  Generator random;
  size_t count = (size_t)heads * length * width;
  std::vector<__half> q(count), k(count), v(count);
  for (auto *values : {&q, &k, &v})
    for (__half &value : *values) value = __float2half(random.between(-1, 1));
  Device<__half> dq(q), dk(k), dv(v);
  Device<float> out(count);
  Verdict verdict("attention");
  for (bool causal : {false, true}) {
    attention<<<dim3(length / queries, heads), threads>>>(dq, dk, dv, out, length, causal);
    // The weights are rounded to half precision before they meet the values.
    verdict.close(out.get(), reference(q, k, v, heads, length, causal),
                  causal ? "causal" : "all keys", 0, 1e-3);
  }
  return verdict.finish();
}
