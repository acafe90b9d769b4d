// Latencies and rates as clock reads show them: FFMA, shared and global chains, launch.
#include "check.h"

__global__ void dependentMultiplies(float *out, long long *time, float x) {
  float v = x;
  long long start = clock64();
#pragma unroll 64
  for (int i = 0; i < 256; i++) v = fmaf(v, x, 1.0f);
  long long end = clock64();
  out[threadIdx.x] = v;
  if (threadIdx.x == 0) *time = end - start;
}

__global__ void chase(unsigned long long *p, long long *time, int steps) {
  unsigned long long *at = p;
  long long start = clock64();
  for (int i = 0; i < steps; i++) at = (unsigned long long *)*at;
  long long end = clock64();
  time[0] = end - start;
  time[1] = (long long)at;
}

__global__ void chaseShared(int *out, long long *time, int steps) {
  __shared__ int next[256];
  for (int i = threadIdx.x; i < 256; i += 32) next[i] = (i + 17) % 256;
  __syncwarp();
  int at = 0;
  long long start = clock64();
  for (int i = 0; i < steps; i++) at = next[at];
  long long end = clock64();
  out[threadIdx.x] = at;
  if (threadIdx.x == 0) *time = end - start;
}

__global__ void nothing() {}

int main(int argc, char **argv) {
  int steps = argument(argc, argv, 1, 256);
  Device<float> f(32);
  Device<long long> time(2);
  Verdict verdict("microbench");
  dependentMultiplies<<<1, 32>>>(f, time, 0.5f);
  verdict.expect(near(f.get()[0], 2.0f) && time.get()[0] > 0, "multiplies");
  int nodes = 1024;
  Device<unsigned long long> ring(nodes * 16);
  std::vector<unsigned long long> links(nodes * 16);
  for (int i = 0; i < nodes; i++)
    links[i * 16] = (unsigned long long)(ring.data + (i + 1) % nodes * 16);
  ring.set(links);
  chase<<<1, 1>>>(ring, time, steps);
  auto t = time.get();
  verdict.expect(t[1] == (long long)(ring.data + steps % nodes * 16) && t[0] > 0, "chase");
  Device<int> out(32);
  chaseShared<<<1, 32>>>(out, time, steps);
  verdict.expect(out.get()[5] == steps * 17 % 256 && time.get()[0] > 0, "shared chase");
  for (int i = 0; i < 4; i++) nothing<<<1, 32>>>();
  return verdict.finish();
}
