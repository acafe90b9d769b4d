// All pairs of bodies attract each other; tiles of bodies pass through shared memory.
#include "check.h"

constexpr int tileSize = 128;
constexpr float softening = 0.01f;

__global__ void accelerations(const float4 *bodies, float4 *result, int n) {
  __shared__ float4 tile[tileSize];
  int i = blockIdx.x * tileSize + threadIdx.x;
  float4 own = bodies[i];
  float3 sum = {0, 0, 0};
  for (int start = 0; start < n; start += tileSize) {
    tile[threadIdx.x] = bodies[start + threadIdx.x];
    __syncthreads();
#pragma unroll 8
    for (int j = 0; j < tileSize; j++) {
      float4 other = tile[j];
      float dx = other.x - own.x, dy = other.y - own.y, dz = other.z - own.z;
      float inverse = rsqrtf(dx * dx + dy * dy + dz * dz + softening);
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
  int n = argument(argc, argv, 1, 512) / tileSize * tileSize;
  Generator random;
  std::vector<float4> bodies(n);
  for (float4 &body : bodies) {
    body.x = random.unit();
    body.y = random.unit();
    body.z = random.unit();
    body.w = random.unit();
  }
  Device<float4> in(bodies), out(n);
  accelerations<<<n / tileSize, tileSize>>>(in, out, n);
  auto found = out.get();
  Verdict verdict("nbody");
  for (int i = 0; i < n; i++) {
    // Attractions from opposite sides cancel, so errors are measured against their sizes' sum.
    double x = 0, y = 0, z = 0, size = 0;
    for (int j = 0; j < n; j++) {
      double dx = (double)bodies[j].x - bodies[i].x, dy = (double)bodies[j].y - bodies[i].y,
             dz = (double)bodies[j].z - bodies[i].z;
      double squared = dx * dx + dy * dy + dz * dz + softening;
      double scale = bodies[j].w / (squared * std::sqrt(squared));
      x += dx * scale;
      y += dy * scale;
      z += dz * scale;
      size += std::sqrt(squared) * scale;
    }
    verdict.expect(isNear(found[i].x, x, 0, 1e-5 * size) && isNear(found[i].y, y, 0, 1e-5 * size) &&
                       isNear(found[i].z, z, 0, 1e-5 * size),
                   "acceleration", i);
  }
  return verdict.finish();
}
