// A seven-point stencil in a cube: threads cover a plane and walk through the third dimension
// with three values in registers. The surface of the cube is left as it is.
#include "check.h"

__global__ void step(const float *in, float *out, int n) {
  int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < 1 || y < 1 || x >= n - 1 || y >= n - 1) return;
  int plane = n * n, i = y * n + x;
  float below = in[i], here = in[i + plane];
  for (int z = 1; z < n - 1; z++) {
    i += plane;
    float above = in[i + plane];
    out[i] = 0.4f * here + 0.1f * (in[i - 1] + in[i + 1] + in[i - n] + in[i + n] + below + above);
    below = here;
    here = above;
  }
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 40);
  Generator random;
  std::vector<float> cube(n * n * n);
  for (float &value : cube) value = random.unit();
  std::vector<double> wanted(cube.begin(), cube.end());
  for (int z = 1; z < n - 1; z++)
    for (int y = 1; y < n - 1; y++)
      for (int x = 1; x < n - 1; x++) {
        int i = (z * n + y) * n + x;
        double around = (double)cube[i - 1] + cube[i + 1] + cube[i - n] + cube[i + n] +
                        cube[i - n * n] + cube[i + n * n];
        wanted[i] = 0.4 * cube[i] + 0.1 * around;
      }
  Device<float> in(cube), out(cube);
  Verdict verdict("stencil3d");
  step<<<dim3(ceilDivide(n, 32), ceilDivide(n, 4)), dim3(32, 4)>>>(in, out, n);
  verdict.close(out.get(), wanted, "point");
  return verdict.finish();
}
