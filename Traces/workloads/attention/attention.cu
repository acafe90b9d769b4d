// Fused attention, forward: tensor-core products and an online softmax.
#include <cuda_fp16.h>

#include "check.h"

// One warp handles 16 queries of one head with 32 dimensions, 16 keys at a time.
constexpr int dimension = 32;

__device__ inline void multiply(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, "
      "{%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(b0));
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, "
      "{%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[2]), "r"(a[3]), "r"(b1));
#endif
}

__device__ inline unsigned pack(float low, float high) {
  __half2 pair = __floats2half2_rn(low, high);
  return *(unsigned *)&pair;
}

__global__ __launch_bounds__(128) void attention(const __half *q, const __half *k, const __half *v,
                                                 float *out, int length, float scale) {
  int lane = threadIdx.x % 32, group = lane / 4, part = lane % 4;
  int first = (blockIdx.x * 4 + threadIdx.x / 32) * 16;
  q += blockIdx.y * length * dimension;
  k += blockIdx.y * length * dimension;
  v += blockIdx.y * length * dimension;
  out += blockIdx.y * length * dimension;
  unsigned query[2][4];
  for (int half = 0; half < 2; half++)
    for (int r = 0; r < 4; r++)
      query[half][r] = *(const unsigned *)&q[(first + group + r % 2 * 8) * dimension + half * 16 +
                                             part * 2 + r / 2 * 8];
  float sums[4][4] = {}, greatest[2] = {-INFINITY, -INFINITY}, total[2] = {0, 0};
  for (int key = 0; key < length; key += 16) {
    float scores[2][4] = {};
    for (int n = 0; n < 2; n++)
      for (int half = 0; half < 2; half++) {
        const __half *row = &k[(key + n * 8 + group) * dimension + half * 16 + part * 2];
        multiply(scores[n], query[half], *(const unsigned *)row, *(const unsigned *)(row + 8));
      }
    for (int r = 0; r < 2; r++) {
      float top = fmaxf(fmaxf(scores[0][r * 2], scores[0][r * 2 + 1]),
                        fmaxf(scores[1][r * 2], scores[1][r * 2 + 1])) * scale;
      top = fmaxf(top, __shfl_xor_sync(~0u, top, 1));
      top = fmaxf(top, __shfl_xor_sync(~0u, top, 2));
      float next = fmaxf(greatest[r], top), fade = __expf(greatest[r] - next), sum = 0;
      for (int n = 0; n < 2; n++)
        for (int e = 0; e < 2; e++)
          sum += scores[n][r * 2 + e] = __expf(scores[n][r * 2 + e] * scale - next);
      sum += __shfl_xor_sync(~0u, sum, 1);
      sum += __shfl_xor_sync(~0u, sum, 2);
      total[r] = total[r] * fade + sum;
      greatest[r] = next;
      for (int n = 0; n < 4; n++) sums[n][r * 2] *= fade, sums[n][r * 2 + 1] *= fade;
    }
    unsigned weights[4] = {pack(scores[0][0], scores[0][1]), pack(scores[0][2], scores[0][3]),
                           pack(scores[1][0], scores[1][1]), pack(scores[1][2], scores[1][3])};
    for (int n = 0; n < 4; n++) {
      const __half *column = &v[(key + part * 2) * dimension + n * 8 + group];
      __half2 b0 = __halves2half2(column[0], column[dimension]);
      __half2 b1 = __halves2half2(column[8 * dimension], column[9 * dimension]);
      multiply(sums[n], weights, *(unsigned *)&b0, *(unsigned *)&b1);
    }
  }
  for (int n = 0; n < 4; n++)
    for (int e = 0; e < 4; e++)
      out[(first + group + e / 2 * 8) * dimension + n * 8 + part * 2 + e % 2] =
          sums[n][e] / total[e / 2];
}

int main(int argc, char **argv) {
  int length = argument(argc, argv, 1, 128) / 64 * 64, heads = argument(argc, argv, 2, 2);
  size_t count = (size_t)heads * length * dimension;
  Generator random;
  std::vector<__half> q(count), k(count), v(count);
  for (auto *a : {&q, &k, &v})
    for (auto &x : *a) x = __float2half(2 * random.unit() - 1);
  Device<__half> dq(q), dk(k), dv(v);
  Device<float> out(count);
  float scale = 1 / sqrtf((float)dimension);
  attention<<<dim3(length / 64, heads), 128>>>(dq, dk, dv, out, length, scale);
  auto found = out.get();
  Verdict verdict("attention");
  for (int head = 0; head < heads; head++)
    for (int i = 0; i < length; i++) {
      size_t base = (size_t)head * length;
      std::vector<double> weights(length);
      double total = 0;
      for (int j = 0; j < length; j++) {
        double score = 0;
        for (int d = 0; d < dimension; d++)
          score += (double)__half2float(q[(base + i) * dimension + d]) *
                   __half2float(k[(base + j) * dimension + d]);
        total += weights[j] = exp(score * scale);
      }
      for (int d = 0; d < dimension; d++) {
        double sum = 0;
        for (int j = 0; j < length; j++)
          sum += weights[j] / total * __half2float(v[(base + j) * dimension + d]);
        verdict.expect(near(found[(base + i) * dimension + d], sum, 5e-3, 2e-3), "output",
                       (long)((base + i) * dimension + d));
      }
    }
  return verdict.finish();
}
