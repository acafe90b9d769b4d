// A grid that synchronises: iterations of a stencil in one cooperative launch.
#include <cooperative_groups.h>

#include "check.h"

namespace cg = cooperative_groups;

__global__ void iterate(float *a, float *b, int n, int steps) {
  cg::grid_group grid = cg::this_grid();
  for (int step = 0; step < steps; step++) {
    for (int i = grid.thread_rank(); i < n; i += grid.size())
      b[i] = 0.25f * a[(i + n - 1) % n] + 0.5f * a[i] + 0.25f * a[(i + 1) % n];
    grid.sync();
    float *other = a;
    a = b;
    b = other;
  }
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 3000), steps = 6;
  Generator random;
  std::vector<float> a(n);
  for (float &v : a) v = random.unit();
  Device<float> da(a), db(n);
  float *x = da, *y = db;
  void *arguments[] = {&x, &y, &n, &steps};
  CHECK(cudaLaunchCooperativeKernel((void *)iterate, dim3(8), dim3(128), arguments, 0, 0));
  auto found = da.get();
  std::vector<float> b(n);
  for (int step = 0; step < steps; step++) {
    for (int i = 0; i < n; i++)
      b[i] = 0.25f * a[(i + n - 1) % n] + 0.5f * a[i] + 0.25f * a[(i + 1) % n];
    a.swap(b);
  }
  Verdict verdict("cooperative");
  for (int i = 0; i < n; i++) verdict.expect(near(found[i], a[i]), "value", i);
  return verdict.finish();
}
