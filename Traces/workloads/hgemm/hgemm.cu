// Half-precision matrix product on tensor cores: mma.sync, ldmatrix, cp.async in two stages.
#include <cuda_fp16.h>

#include "check.h"

// A block of four warps computes 64x64; each warp 32x32. A is row-major, B column-major.
constexpr int tile = 64, depth = 32, stride = depth + 8;

#if __CUDA_ARCH__ >= 800 || !defined(__CUDA_ARCH__)
__device__ inline void copyAsync(void *shared, const void *global) {
  unsigned address = (unsigned)__cvta_generic_to_shared(shared);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(address), "l"(global));
}
__device__ inline void commit() { asm volatile("cp.async.commit_group;"); }
__device__ inline void waitForAllBut1() { asm volatile("cp.async.wait_group 1;"); }
__device__ inline void waitForAll() { asm volatile("cp.async.wait_group 0;"); }
#else
__device__ inline void copyAsync(void *shared, const void *global) {
  *(int4 *)shared = *(const int4 *)global;
}
__device__ inline void commit() {}
__device__ inline void waitForAllBut1() {}
__device__ inline void waitForAll() {}
#endif

__device__ inline void loadMatrices(unsigned (&r)[4], const __half *p) {
  unsigned address = (unsigned)__cvta_generic_to_shared(p);
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address));
}

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

__global__ __launch_bounds__(128) void product(const __half *a, const __half *b, float *c, int n) {
  __shared__ alignas(16) __half as[2][tile * stride], bs[2][tile * stride];
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  int rowBase = blockIdx.y * tile, columnBase = blockIdx.x * tile;
  auto fetch = [&](int stage, int k) {
    for (int i = threadIdx.x; i < tile * depth / 8; i += 128) {
      int row = i / (depth / 8), part = i % (depth / 8) * 8;
      copyAsync(&as[stage][row * stride + part], &a[(rowBase + row) * n + k + part]);
      copyAsync(&bs[stage][row * stride + part], &b[(columnBase + row) * n + k + part]);
    }
    commit();
  };
  float sums[2][4][4] = {};
  fetch(0, 0);
  for (int k = 0, stage = 0; k < n; k += depth, stage ^= 1) {
    if (k + depth < n) {
      fetch(stage ^ 1, k + depth);
      waitForAllBut1();
    } else {
      waitForAll();
    }
    __syncthreads();
#pragma unroll
    for (int kk = 0; kk < depth; kk += 16) {
      unsigned left[2][4], right[2][4];
#pragma unroll
      for (int i = 0; i < 2; i++) {
        int row = (warp / 2) * 32 + i * 16 + lane % 16;
        loadMatrices(left[i], &as[stage][row * stride + kk + lane / 16 * 8]);
        int column = (warp % 2) * 32 + i * 16 + lane % 8 + lane / 16 * 8;
        loadMatrices(right[i], &bs[stage][column * stride + kk + lane / 8 % 2 * 8]);
      }
#pragma unroll
      for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 4; j++)
          multiply(sums[i][j], left[i], right[j / 2][j % 2 * 2], right[j / 2][j % 2 * 2 + 1]);
    }
    __syncthreads();
  }
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 4; j++)
      for (int e = 0; e < 4; e++) {
        int row = rowBase + (warp / 2) * 32 + i * 16 + lane / 4 + e / 2 * 8;
        int column = columnBase + (warp % 2) * 32 + j * 8 + lane % 4 * 2 + e % 2;
        c[row * n + column] = sums[i][j][e];
      }
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 128) / 64 * 64;
  Generator random;
  std::vector<__half> a(n * n), b(n * n);
  for (auto &v : a) v = __float2half(random.unit() - 0.5f);
  for (auto &v : b) v = __float2half(random.unit() - 0.5f);
  Device<__half> da(a), db(b);
  Device<float> dc(n * n);
  product<<<dim3(n / tile, n / tile), 128>>>(da, db, dc, n);
  auto found = dc.get();
  Verdict verdict("hgemm");
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x++) {
      double sum = 0;
      for (int k = 0; k < n; k++)
        sum += (double)__half2float(a[y * n + k]) * __half2float(b[x * n + k]);
      verdict.expect(near(found[y * n + x], sum, 1e-4, 1e-4), "element", y * n + x);
    }
  return verdict.finish();
}
