// All-pairs forces with tiles of bodies in shared memory.
#include "check.h"

__global__ void forces(const float4 *bodies, float4 *result, int n) {
  __shared__ float4 tile[128];
  int i = blockIdx.x * 128 + threadIdx.x;
  float4 own = bodies[i];
  float3 sum = {0, 0, 0};
  for (int start = 0; start < n; start += 128) {
    tile[threadIdx.x] = bodies[start + threadIdx.x];
    __syncthreads();
#pragma unroll 8
    for (int j = 0; j < 128; j++) {
      float4 other = tile[j];
      float dx = other.x - own.x, dy = other.y - own.y, dz = other.z - own.z;
      float inverse = rsqrtf(dx * dx + dy * dy + dz * dz + 0.01f);
      float scale = other.w * inverse * inverse * inverse;
      sum.x += dx * scale;
      sum.y += dy * scale;
      sum.z += dz * scale;
    }
    __syncthreads();
  }
  result[i] = make_float4(sum.x, sum.y, sum.z, 0);
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 512) / 128 * 128;
  Generator random;
  std::vector<float4> bodies(n);
  for (float4 &b : bodies) b = {random.unit(), random.unit(), random.unit(), random.unit()};
  Device<float4> in(bodies), out(n);
  forces<<<n / 128, 128>>>(in, out, n);
  auto found = out.get();
  Verdict verdict("nbody");
  for (int i = 0; i < n; i++) {
    double x = 0, y = 0, z = 0;
    for (int j = 0; j < n; j++) {
      double dx = bodies[j].x - bodies[i].x, dy = bodies[j].y - bodies[i].y,
             dz = bodies[j].z - bodies[i].z;
      double d = dx * dx + dy * dy + dz * dz + 0.01, s = bodies[j].w / (d * std::sqrt(d));
      x += dx * s, y += dy * s, z += dz * s;
    }
    verdict.expect(near(found[i].x, x, 1e-3, 1e-2) && near(found[i].y, y, 1e-3, 1e-2) &&
                       near(found[i].z, z, 1e-3, 1e-2),
                   "force", i);
  }
  return verdict.finish();
}
