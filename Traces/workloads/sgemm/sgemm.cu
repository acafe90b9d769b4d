// The single-precision matrix product: one output a thread from tiles in shared memory, and 8 x 8
// outputs a thread in registers.
#include "check.h"

constexpr int tileSide = 16;

__global__ void tiled(const float *a, const float *b, float *c, int n) {
  __shared__ float as[tileSide][tileSide], bs[tileSide][tileSide];
  int tx = threadIdx.x, ty = threadIdx.y;
  int x = blockIdx.x * tileSide + tx, y = blockIdx.y * tileSide + ty;
  float sum = 0;
  for (int k = 0; k < n; k += tileSide) {
    as[ty][tx] = a[y * n + k + tx];
    bs[ty][tx] = b[(k + ty) * n + x];
    __syncthreads();
    for (int i = 0; i < tileSide; i++) sum += as[ty][i] * bs[i][tx];
    __syncthreads();
  }
  c[y * n + x] = sum;
}

// A block of 64 threads makes 64 x 64 outputs, eight steps of k at a time.
constexpr int blockSide = 64, depth = 8, own = 8;

__global__ __launch_bounds__(64) void blocked(const float *a, const float *b, float *c, int n) {
  // Left tile transposed, so that a thread's eight values lie side by side.
  __shared__ __align__(16) float as[depth][blockSide + 4], bs[depth][blockSide];
  int tx = threadIdx.x % 8 * own, ty = threadIdx.x / 8 * own;
  const float *left = a + blockIdx.y * blockSide * n, *right = b + blockIdx.x * blockSide;
  float sums[own][own] = {};
  for (int k = 0; k < n; k += depth) {
    for (int i = threadIdx.x; i < depth * blockSide; i += 64) {
      as[i % depth][i / depth] = left[i / depth * n + k + i % depth];
      bs[i / blockSide][i % blockSide] = right[(k + i / blockSide) * n + i % blockSide];
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < depth; i++) {
      float column[own], row[own];
#pragma unroll
      for (int j = 0; j < own; j++) {
        column[j] = as[i][ty + j];
        row[j] = bs[i][tx + j];
      }
#pragma unroll
      for (int y = 0; y < own; y++)
#pragma unroll
        for (int x = 0; x < own; x++) sums[y][x] += column[y] * row[x];
    }
    __syncthreads();
  }
  float *out = c + (blockIdx.y * blockSide + ty) * n + blockIdx.x * blockSide + tx;
#pragma unroll
  for (int y = 0; y < own; y++)
#pragma unroll
    for (int x = 0; x < own; x++) out[y * n + x] = sums[y][x];
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 128) / blockSide * blockSide;
  Generator random;
  std::vector<float> a(n * n), b(n * n);
  for (float &value : a) value = random.unit();
  for (float &value : b) value = random.unit();
  std::vector<double> wanted(n * n);
  for (int y = 0; y < n; y++)
    for (int k = 0; k < n; k++)
      for (int x = 0; x < n; x++) wanted[y * n + x] += (double)a[y * n + k] * b[k * n + x];
  Device<float> da(a), db(b), dc(n * n);
  Verdict verdict("sgemm");
  tiled<<<dim3(n / tileSide, n / tileSide), dim3(tileSide, tileSide)>>>(da, db, dc, n);
  verdict.close(dc.get(), wanted, "tiled");
  dc.clear();
  blocked<<<dim3(n / blockSide, n / blockSide), 64>>>(da, db, dc, n);
  verdict.close(dc.get(), wanted, "blocked");
  return verdict.finish();
}
