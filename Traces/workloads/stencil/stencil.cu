// Five points in two dimensions through shared memory, seven in three from global memory.
#include "check.h"

__global__ void five(const float *in, float *out, int n) {
  __shared__ float tile[18][34];
  int x = blockIdx.x * 32 + threadIdx.x, y = blockIdx.y * 16 + threadIdx.y;
  int tx = threadIdx.x + 1, ty = threadIdx.y + 1;
  auto at = [&](int px, int py) {
    return in[min(max(py, 0), n - 1) * n + min(max(px, 0), n - 1)];
  };
  tile[ty][tx] = at(x, y);
  if (threadIdx.x == 0) tile[ty][0] = at(x - 1, y);
  if (threadIdx.x == 31) tile[ty][33] = at(x + 1, y);
  if (threadIdx.y == 0) tile[0][tx] = at(x, y - 1);
  if (threadIdx.y == 15) tile[17][tx] = at(x, y + 1);
  __syncthreads();
  if (x < n && y < n)
    out[y * n + x] = 0.5f * tile[ty][tx] +
                     0.125f * (tile[ty][tx - 1] + tile[ty][tx + 1] + tile[ty - 1][tx] +
                               tile[ty + 1][tx]);
}

__global__ void seven(const float *in, float *out, int n) {
  int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < 1 || y < 1 || x >= n - 1 || y >= n - 1) return;
  float below = in[y * n + x], here = in[n * n + y * n + x];
  for (int z = 1; z < n - 1; z++) {
    int i = (z * n + y) * n + x;
    float above = in[i + n * n];
    out[i] = here * 0.4f + 0.1f * (in[i - 1] + in[i + 1] + in[i - n] + in[i + n] + below + above);
    below = here;
    here = above;
  }
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 200), m = 32;
  Generator random;
  std::vector<float> a(n * n), b(m * m * m);
  for (float &v : a) v = random.unit();
  for (float &v : b) v = random.unit();
  Device<float> in(a), out(n * n), in3(b), out3(m * m * m);
  Verdict verdict("stencil");
  five<<<dim3((n + 31) / 32, (n + 15) / 16), dim3(32, 16)>>>(in, out, n);
  auto found = out.get();
  auto at = [&](int x, int y) {
    return a[std::min(std::max(y, 0), n - 1) * n + std::min(std::max(x, 0), n - 1)];
  };
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x++)
      verdict.expect(near(found[y * n + x],
                          0.5 * at(x, y) + 0.125 * (at(x - 1, y) + at(x + 1, y) + at(x, y - 1) +
                                                    at(x, y + 1))),
                     "five", y * n + x);
  seven<<<dim3(m / 32, m / 8), dim3(32, 8)>>>(in3, out3, m);
  auto cube = out3.get();
  for (int z = 1; z < m - 1; z++)
    for (int y = 1; y < m - 1; y++)
      for (int x = 1; x < m - 1; x++) {
        int i = (z * m + y) * m + x;
        double sum = b[i - 1] + b[i + 1] + b[i - m] + b[i + m] + b[i - m * m] + b[i + m * m];
        verdict.expect(near(cube[i], b[i] * 0.4 + 0.1 * sum), "seven", i);
      }
  return verdict.finish();
}
