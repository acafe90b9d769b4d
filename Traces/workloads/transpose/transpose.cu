// Matrix transposition: stores that do not coalesce, and a detour through shared memory whose
// rows are padded so that columns fall into different banks.
#include "check.h"

constexpr int tileSide = 32, rows = 8;

__global__ void naive(const float *in, float *out, int n) {
  int x = blockIdx.x * tileSide + threadIdx.x;
  for (int j = 0; j < tileSide; j += rows) {
    int y = blockIdx.y * tileSide + threadIdx.y + j;
    out[x * n + y] = in[y * n + x];
  }
}

__global__ void tiled(const float *in, float *out, int n) {
  __shared__ float tile[tileSide][tileSide + 1];
  int x = blockIdx.x * tileSide + threadIdx.x, y = blockIdx.y * tileSide + threadIdx.y;
  for (int j = 0; j < tileSide; j += rows)
    tile[threadIdx.y + j][threadIdx.x] = in[(y + j) * n + x];
  __syncthreads();
  x = blockIdx.y * tileSide + threadIdx.x;
  y = blockIdx.x * tileSide + threadIdx.y;
  for (int j = 0; j < tileSide; j += rows)
    out[(y + j) * n + x] = tile[threadIdx.x][threadIdx.y + j];
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 256) / tileSide * tileSide;
  std::vector<float> matrix(n * n), wanted(n * n);
  for (int i = 0; i < n * n; i++) matrix[i] = (float)i;
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x++) wanted[x * n + y] = matrix[y * n + x];
  Device<float> in(matrix), out(n * n);
  Verdict verdict("transpose");
  dim3 grid(n / tileSide, n / tileSide), block(tileSide, rows);
  naive<<<grid, block>>>(in, out, n);
  verdict.equal(out.get(), wanted, "naive");
  out.clear();
  tiled<<<grid, block>>>(in, out, n);
  verdict.equal(out.get(), wanted, "tiled");
  return verdict.finish();
}
