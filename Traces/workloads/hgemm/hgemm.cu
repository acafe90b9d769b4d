// The half-precision matrix product on tensor cores: a block of four warps makes 64 x 64 outputs,
// and tiles of both inputs arrive through a three-stage pipeline of asynchronous copies.
#include "check.h"
#include "tensor.h"

constexpr int side = 64, depth = 32, stages = 3, threads = 128;

// Rows are padded by 16 bytes: the eight rows of an ldmatrix then touch all banks once.
struct Stage {
  __half a[side][depth + 8];
  __half b[depth][side + 8];
};

__device__ void fetch(Stage &stage, const __half *a, const __half *b, int n, int k) {
  for (int i = threadIdx.x; i < side * depth / 8; i += threads) {
    int y = i / (depth / 8), x = i % (depth / 8) * 8;
    copyAsync(&stage.a[y][x], a + y * n + k + x);
  }
  for (int i = threadIdx.x; i < side * depth / 8; i += threads) {
    int y = i / (side / 8), x = i % (side / 8) * 8;
    copyAsync(&stage.b[y][x], b + (k + y) * n + x);
  }
}

__global__ __launch_bounds__(threads) void hgemm(const __half *a, const __half *b, float *c,
                                                 int n) {
  __shared__ __align__(16) Stage pipeline[stages];
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  int warpY = warp / 2 * 32, warpX = warp % 2 * 32;
  a += blockIdx.y * side * n;
  b += blockIdx.x * side;

  float sums[2][4][4] = {};
  int tiles = n / depth;
  for (int tile = 0; tile < stages - 1; tile++) {
    if (tile < tiles) fetch(pipeline[tile], a, b, n, tile * depth);
    closeGroup();
  }
  for (int tile = 0; tile < tiles; tile++) {
    waitGroups<stages - 2>();
    // All copies of this tile have come, and nobody still reads the stage that is filled next.
    __syncthreads();
    int next = tile + stages - 1;
    if (next < tiles) fetch(pipeline[next % stages], a, b, n, next * depth);
    closeGroup();

    const Stage &stage = pipeline[tile % stages];
#pragma unroll
    for (int k = 0; k < depth; k += 16) {
      uint32_t left[2][4], right[2][4];
#pragma unroll
      for (int i = 0; i < 2; i++) {
        loadMatrices(left[i], &stage.a[warpY + i * 16 + lane % 16][k + lane / 16 * 8]);
        loadTransposed(right[i], &stage.b[k + lane % 16][warpX + i * 16 + lane / 16 * 8]);
      }
#pragma unroll
      for (int y = 0; y < 2; y++)
#pragma unroll
        for (int x = 0; x < 4; x++)
          multiply(sums[y][x], left[y], right[x / 2][x % 2 * 2], right[x / 2][x % 2 * 2 + 1]);
    }
  }

  int row = blockIdx.y * side + warpY + lane / 4;
  int column = blockIdx.x * side + warpX + lane % 4 * 2;
#pragma unroll
  for (int y = 0; y < 2; y++)
#pragma unroll
    for (int x = 0; x < 4; x++) {
      float *out = c + (row + y * 16) * n + column + x * 8;
      *(float2 *)out = make_float2(sums[y][x][0], sums[y][x][1]);
      *(float2 *)(out + 8 * n) = make_float2(sums[y][x][2], sums[y][x][3]);
    }
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 256) / side * side;
  Generator random;
  std::vector<__half> a(n * n), b(n * n);
  for (__half &value : a) value = __float2half(random.between(-1, 1));
  for (__half &value : b) value = __float2half(random.between(-1, 1));
  std::vector<double> wanted(n * n);
  for (int y = 0; y < n; y++)
    for (int k = 0; k < n; k++) {
      double left = __half2float(a[y * n + k]);
      for (int x = 0; x < n; x++) wanted[y * n + x] += left * __half2float(b[k * n + x]);
    }
  Device<__half> da(a), db(b);
  Device<float> dc(n * n);
  Verdict verdict("hgemm");
  hgemm<<<dim3(n / side, n / side), threads>>>(da, db, dc, n);
  // Tensor cores cut the sums' low bits off, so the bound is wider than single precision's.
  verdict.close(dc.get(), wanted, "product", 1e-4, 1e-4 * std::sqrt(n));
  return verdict.finish();
}
