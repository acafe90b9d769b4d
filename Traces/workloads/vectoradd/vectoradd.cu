// c = a + b, one element a thread.
#include "check.h"

__global__ void vectorAdd(const float *a, const float *b, float *c, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) c[i] = a[i] + b[i];
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 100000);
  Generator random;
  std::vector<float> a(n), b(n), sum(n);
  for (int i = 0; i < n; i++) a[i] = random.unit(), b[i] = random.unit(), sum[i] = a[i] + b[i];
  Device<float> x(a), y(b), z(n);
  vectorAdd<<<(n + 255) / 256, 256>>>(x, y, z, n);
  Verdict verdict("vectoradd");
  verdict.equal(z.get(), sum, "sum");
  return verdict.finish();
}
