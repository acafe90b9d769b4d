// A five-point stencil, some steps of it, each block's tile and its rim in shared memory. Beyond
// the edge the nearest value counts.
#include "check.h"

constexpr int width = 32, height = 16;

__global__ void step(const float *in, float *out, int n) {
  __shared__ float tile[height + 2][width + 2];
  int x = blockIdx.x * width + threadIdx.x, y = blockIdx.y * height + threadIdx.y;
  int tx = threadIdx.x + 1, ty = threadIdx.y + 1;
  auto at = [=](int px, int py) {
    return in[min(max(py, 0), n - 1) * n + min(max(px, 0), n - 1)];
  };
  tile[ty][tx] = at(x, y);
  if (tx == 1) tile[ty][0] = at(x - 1, y);
  if (tx == width) tile[ty][width + 1] = at(x + 1, y);
  if (ty == 1) tile[0][tx] = at(x, y - 1);
  if (ty == height) tile[height + 1][tx] = at(x, y + 1);
  __syncthreads();
  if (x >= n || y >= n) return;
  float around = tile[ty][tx - 1] + tile[ty][tx + 1] + tile[ty - 1][tx] + tile[ty + 1][tx];
  out[y * n + x] = 0.5f * tile[ty][tx] + 0.125f * around;
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 200), steps = argument(argc, argv, 2, 4);
  Generator random;
  std::vector<float> field(n * n);
  for (float &value : field) value = random.unit();
  Device<float> a(field), b(n * n);
  float *from = a, *to = b;
  dim3 grid(ceilDivide(n, width), ceilDivide(n, height)), block(width, height);
  for (int i = 0; i < steps; i++) {
    step<<<grid, block>>>(from, to, n);
    std::swap(from, to);
  }
  std::vector<double> wanted(field.begin(), field.end()), previous;
  for (int i = 0; i < steps; i++) {
    previous = wanted;
    auto at = [&](int x, int y) {
      return previous[std::clamp(y, 0, n - 1) * n + std::clamp(x, 0, n - 1)];
    };
    for (int y = 0; y < n; y++)
      for (int x = 0; x < n; x++)
        wanted[y * n + x] = 0.5 * at(x, y) + 0.125 * (at(x - 1, y) + at(x + 1, y) +
                                                      at(x, y - 1) + at(x, y + 1));
  }
  Verdict verdict("stencil2d");
  verdict.close((from == a.data ? a : b).get(), wanted, "point");
  return verdict.finish();
}
