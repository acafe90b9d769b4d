// A matrix times a vector, done badly: a thread goes through all rows from its own on, and writes
// the sum so far after every product. Structure and launch are the measured program's (see
// README.md); the code is our own.
//   matvec BLOCKS SWEEPS [BLOCKS SWEEPS]...
// launches, for each pair, the first BLOCKS of 40 blocks, each thread cut to SWEEPS rows.
#include "check.h"

__global__ void product(const float *matrix, const float *vector, float *out, int rows,
                        int columns, int sweeps) {
  int first = blockIdx.x * blockDim.x + threadIdx.x;
  for (int row = first; row < min(rows, first + sweeps); row++) {
    float sum = 0;
    for (int i = 0; i < columns; i++) {
      sum += matrix[row * columns + i] * vector[i];
      out[row] = sum;
    }
  }
}

int main(int argc, char **argv) {
  const int rows = 10000, columns = 1000;
  std::vector<float> vector(columns);
  for (int i = 0; i < columns; i++) vector[i] = i % 3;
  Device<float> matrix(std::vector<float>((size_t)rows * columns, 1)), dv(vector), out(rows);
  Verdict verdict("matvec");
  for (int i = 1; i + 1 < argc; i += 2) {
    int blocks = argument(argc, argv, i, 40), sweeps = argument(argc, argv, i + 1, 1);
    out.clear();
    product<<<blocks, 256>>>(matrix, dv, out, rows, columns, sweeps);
    std::vector<float> found = out.get();
    for (int row = 0; row < rows; row++)
      verdict.expect(found[row] == (row < blocks * 256 + sweeps - 1 ? 999 : 0), "sum", row);
  }
  return verdict.finish();
}
