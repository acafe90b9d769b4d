// c = a + b, one element a thread.
#include "check.h"

__global__ void vectorAdd(const float *a, const float *b, float *c, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) c[i] = a[i] + b[i];
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 100000);
  Generator random;
  std::vector<float> a(n), b(n), wanted(n);
  for (int i = 0; i < n; i++) {
    a[i] = random.unit();
    b[i] = random.unit();
    wanted[i] = a[i] + b[i];
  }
  Device<float> da(a), db(b), dc(n);
  Verdict verdict("vectoradd");
  vectorAdd<<<ceilDivide(n, 256), 256>>>(da, db, dc, n);
  verdict.equal(dc.get(), wanted, "sum");
  return verdict.finish();
}
