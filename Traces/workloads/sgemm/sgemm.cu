// Single-precision matrix product: tiles in shared memory, and 8x8 outputs in registers.
#include "check.h"

__global__ void tiled(const float *a, const float *b, float *c, int n) {
  __shared__ float as[16][16], bs[16][16];
  int x = blockIdx.x * 16 + threadIdx.x, y = blockIdx.y * 16 + threadIdx.y;
  float sum = 0;
  for (int k = 0; k < n; k += 16) {
    as[threadIdx.y][threadIdx.x] = a[y * n + k + threadIdx.x];
    bs[threadIdx.y][threadIdx.x] = b[(k + threadIdx.y) * n + x];
    __syncthreads();
    for (int i = 0; i < 16; i++) sum += as[threadIdx.y][i] * bs[i][threadIdx.x];
    __syncthreads();
  }
  c[y * n + x] = sum;
}

__global__ __launch_bounds__(64) void blocked(const float *a, const float *b, float *c, int n) {
  __shared__ float as[8][64], bs[8][64];
  int tx = threadIdx.x % 8, ty = threadIdx.x / 8;
  float sums[8][8] = {};
  for (int k = 0; k < n; k += 8) {
    for (int i = 0; i < 8; i++) {
      as[i][threadIdx.x] = a[(blockIdx.y * 64 + threadIdx.x) * n + k + i];
      bs[i][threadIdx.x] = b[(k + i) * n + blockIdx.x * 64 + threadIdx.x];
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < 8; i++) {
      float left[8], right[8];
#pragma unroll
      for (int j = 0; j < 8; j++) left[j] = as[i][ty * 8 + j], right[j] = bs[i][tx * 8 + j];
#pragma unroll
      for (int y = 0; y < 8; y++)
#pragma unroll
        for (int x = 0; x < 8; x++) sums[y][x] += left[y] * right[x];
    }
    __syncthreads();
  }
  for (int y = 0; y < 8; y++)
    for (int x = 0; x < 8; x++)
      c[(blockIdx.y * 64 + ty * 8 + y) * n + blockIdx.x * 64 + tx * 8 + x] = sums[y][x];
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 128) / 64 * 64;
  Generator random;
  std::vector<float> a(n * n), b(n * n);
  std::vector<double> wanted(n * n);
  for (float &v : a) v = random.unit();
  for (float &v : b) v = random.unit();
  for (int y = 0; y < n; y++)
    for (int k = 0; k < n; k++)
      for (int x = 0; x < n; x++) wanted[y * n + x] += (double)a[y * n + k] * b[k * n + x];
  Device<float> da(a), db(b), dc(n * n);
  Verdict verdict("sgemm");
  tiled<<<dim3(n / 16, n / 16), dim3(16, 16)>>>(da, db, dc, n);
  auto found = dc.get();
  for (int i = 0; i < n * n; i++) verdict.expect(near(found[i], wanted[i]), "tiled", i);
  dc.clear();
  blocked<<<dim3(n / 64, n / 64), 64>>>(da, db, dc, n);
  found = dc.get();
  for (int i = 0; i < n * n; i++) verdict.expect(near(found[i], wanted[i]), "blocked", i);
  return verdict.finish();
}
