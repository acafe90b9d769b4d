// Sparse matrix times vector in CSR form, a thread and a warp to a row.
#include "check.h"

__global__ void scalar(const int *starts, const int *columns, const float *values, const float *x,
                       float *y, int n) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row >= n) return;
  float sum = 0;
  for (int i = starts[row]; i < starts[row + 1]; i++) sum += values[i] * x[columns[i]];
  y[row] = sum;
}

__global__ void vector(const int *starts, const int *columns, const float *values, const float *x,
                       float *y, int n) {
  int row = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x % 32;
  if (row >= n) return;
  float sum = 0;
  for (int i = starts[row] + lane; i < starts[row + 1]; i += 32) sum += values[i] * x[columns[i]];
  for (int step = 16; step > 0; step >>= 1) sum += __shfl_down_sync(~0u, sum, step);
  if (lane == 0) y[row] = sum;
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 2000);
  Generator random;
  std::vector<int> starts(1, 0), columns;
  std::vector<float> values, x(n);
  for (float &v : x) v = random.unit();
  std::vector<double> wanted(n);
  for (int row = 0; row < n; row++) {
    int count = 1 + random.below(24) * (random.below(10) == 0 ? 6 : 1);
    for (int i = 0; i < count; i++) {
      columns.push_back(random.below(n));
      values.push_back(random.unit());
      wanted[row] += (double)values.back() * x[columns.back()];
    }
    starts.push_back((int)columns.size());
  }
  Device<int> ds(starts), dc(columns);
  Device<float> dv(values), dx(x), dy(n);
  Verdict verdict("spmv");
  scalar<<<(n + 127) / 128, 128>>>(ds, dc, dv, dx, dy, n);
  auto found = dy.get();
  for (int i = 0; i < n; i++) verdict.expect(near(found[i], wanted[i], 1e-4), "scalar row", i);
  dy.clear();
  vector<<<(n + 3) / 4, 128>>>(ds, dc, dv, dx, dy, n);
  found = dy.get();
  for (int i = 0; i < n; i++) verdict.expect(near(found[i], wanted[i], 1e-4), "vector row", i);
  return verdict.finish();
}
