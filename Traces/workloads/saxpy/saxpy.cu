// y = a x + y in a grid-stride loop, four elements a load.
#include "check.h"

__global__ void saxpy(float a, const float4 *x, float4 *y, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    float4 p = x[i], q = y[i];
    q.x = fmaf(a, p.x, q.x);
    q.y = fmaf(a, p.y, q.y);
    q.z = fmaf(a, p.z, q.z);
    q.w = fmaf(a, p.w, q.w);
    y[i] = q;
  }
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 1 << 18) / 4 * 4;
  Generator random;
  std::vector<float> x(n), y(n), wanted(n);
  for (int i = 0; i < n; i++) {
    x[i] = random.unit();
    y[i] = random.unit();
    wanted[i] = fmaf(2.5f, x[i], y[i]);
  }
  Device<float> dx(x), dy(y);
  Verdict verdict("saxpy");
  saxpy<<<84, 256>>>(2.5f, (const float4 *)dx.data, (float4 *)dy.data, n / 4);
  verdict.equal(dy.get(), wanted, "y");
  return verdict.finish();
}
