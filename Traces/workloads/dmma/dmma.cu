// The double-precision matrix product on tensor cores: the 8 x 8 x 4 shape of sm_80, and the
// larger shape that sm_90 adds. A warp makes a tile; the left matrix lies by rows, the right by
// columns.
// Needs sm_80.
#include "check.h"

__global__ void small(const double *a, const double *b, double *c, int n) {
  int lane = threadIdx.x, row = blockIdx.y * 8 + lane / 4, column = blockIdx.x * 8 + lane / 4;
  double d0 = 0, d1 = 0;
  for (int k = lane % 4; k < n; k += 4)
    asm("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0, %1}, {%2}, {%3}, {%0, %1};"
        : "+d"(d0), "+d"(d1)
        : "d"(a[row * n + k]), "d"(b[column * n + k]));
  double *out = c + row * n + blockIdx.x * 8 + lane % 4 * 2;
  out[0] = d0;
  out[1] = d1;
}

__global__ void large(const double *a, const double *b, double *c, int n) {
#if __CUDA_ARCH__ >= 900
  int lane = threadIdx.x, row = blockIdx.y * 16 + lane / 4, column = blockIdx.x * 8 + lane / 4;
  double d[4] = {};
  for (int k = lane % 4; k < n; k += 8) {
    const double *upper = a + row * n + k, *lower = upper + 8 * n, *right = b + column * n + k;
    asm("mma.sync.aligned.m16n8k8.row.col.f64.f64.f64.f64 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, {%0, %1, %2, %3};"
        : "+d"(d[0]), "+d"(d[1]), "+d"(d[2]), "+d"(d[3])
        : "d"(upper[0]), "d"(lower[0]), "d"(upper[4]), "d"(lower[4]), "d"(right[0]),
          "d"(right[4]));
  }
  double *out = c + row * n + blockIdx.x * 8 + lane % 4 * 2;
  out[0] = d[0];
  out[1] = d[1];
  out[8 * n] = d[2];
  out[8 * n + 1] = d[3];
#endif
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 64) / 16 * 16;
  Generator random;
  std::vector<double> a(n * n), b(n * n), wanted(n * n);
  for (double &value : a) value = random.between(-1, 1);
  for (double &value : b) value = random.between(-1, 1);
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x++)
      for (int k = 0; k < n; k++)
        wanted[y * n + x] = std::fma(a[y * n + k], b[x * n + k], wanted[y * n + x]);
  Device<double> da(a), db(b), dc(n * n);
  Verdict verdict("dmma");
  small<<<dim3(n / 8, n / 8), 32>>>(da, db, dc, n);
  verdict.close(dc.get(), wanted, "m8n8k4", 1e-13, 1e-14 * n);
  int major;
  CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0));
  if (major >= 9) {
    dc.clear();
    large<<<dim3(n / 8, n / 16), 32>>>(da, db, dc, n);
    verdict.close(dc.get(), wanted, "m16n8k8", 1e-13, 1e-14 * n);
  }
  return verdict.finish();
}
