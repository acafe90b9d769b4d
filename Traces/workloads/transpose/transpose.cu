// Matrix transposition, naive and through padded shared memory.
#include "check.h"

__global__ void naive(const float *in, float *out, int n) {
  int x = blockIdx.x * 32 + threadIdx.x;
  for (int y = blockIdx.y * 32 + threadIdx.y; y < (blockIdx.y + 1) * 32; y += 8)
    out[x * n + y] = in[y * n + x];
}

__global__ void tiled(const float *in, float *out, int n) {
  __shared__ float tile[32][33];
  int x = blockIdx.x * 32 + threadIdx.x, y = blockIdx.y * 32 + threadIdx.y;
  for (int j = 0; j < 32; j += 8) tile[threadIdx.y + j][threadIdx.x] = in[(y + j) * n + x];
  __syncthreads();
  x = blockIdx.y * 32 + threadIdx.x;
  y = blockIdx.x * 32 + threadIdx.y;
  for (int j = 0; j < 32; j += 8) out[(y + j) * n + x] = tile[threadIdx.x][threadIdx.y + j];
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 256) / 32 * 32;
  std::vector<float> a(n * n), wanted(n * n);
  for (int i = 0; i < n * n; i++) a[i] = (float)i;
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x++) wanted[x * n + y] = a[y * n + x];
  Device<float> in(a), out(n * n);
  Verdict verdict("transpose");
  dim3 grid(n / 32, n / 32), block(32, 8);
  naive<<<grid, block>>>(in, out, n);
  verdict.equal(out.get(), wanted, "naive");
  out.clear();
  tiled<<<grid, block>>>(in, out, n);
  verdict.equal(out.get(), wanted, "tiled");
  return verdict.finish();
}
