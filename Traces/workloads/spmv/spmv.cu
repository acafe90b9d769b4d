// A sparse matrix (CSR) times a vector: a thread to a row, whose loads scatter and whose warps
// wait for their longest row; and a warp to a row.
#include "check.h"

struct Matrix {
  const int *starts, *columns;
  const float *values;
  int rows;
};

__global__ void scalar(Matrix matrix, const float *x, float *y) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row >= matrix.rows) return;
  float sum = 0;
  for (int i = matrix.starts[row]; i < matrix.starts[row + 1]; i++)
    sum += matrix.values[i] * x[matrix.columns[i]];
  y[row] = sum;
}

__global__ void vector(Matrix matrix, const float *x, float *y) {
  int row = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x % 32;
  if (row >= matrix.rows) return;
  float sum = 0;
  for (int i = matrix.starts[row] + lane; i < matrix.starts[row + 1]; i += 32)
    sum += matrix.values[i] * x[matrix.columns[i]];
  for (int step = 16; step > 0; step /= 2) sum += __shfl_down_sync(~0u, sum, step);
  if (lane == 0) y[row] = sum;
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 2000);
  Generator random;
  std::vector<int> starts{0}, columns;
  std::vector<float> values, x(n);
  std::vector<double> wanted(n);
  for (float &value : x) value = random.unit();
  for (int row = 0; row < n; row++) {
    // Most rows are short, one in ten is six times as long, some are empty.
    int count = random.below(24) * (random.below(10) == 0 ? 6 : 1);
    for (int i = 0; i < count; i++) {
      columns.push_back((int)random.below(n));
      values.push_back(random.unit());
      wanted[row] += (double)values.back() * x[columns.back()];
    }
    starts.push_back((int)columns.size());
  }
  Device<int> dStarts(starts), dColumns(columns);
  Device<float> dValues(values), dx(x), dy(n);
  Matrix matrix{dStarts, dColumns, dValues, n};
  Verdict verdict("spmv");
  scalar<<<ceilDivide(n, 128), 128>>>(matrix, dx, dy);
  verdict.close(dy.get(), wanted, "scalar");
  dy.clear();
  vector<<<ceilDivide(n, 4), 128>>>(matrix, dx, dy);
  verdict.close(dy.get(), wanted, "vector");
  return verdict.finish();
}
