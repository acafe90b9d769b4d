// Shared memory whose size the launch says: one array, two arrays of different types cut out of
// it, and more than the 48 KiB that a kernel gets without asking.
#include "check.h"

// The first half of the bytes holds doubles, the second shorts.
__global__ void reverse(const double *in, double *out, short *positions, int n) {
  extern __shared__ __align__(8) unsigned char bytes[];
  double *values = (double *)bytes;
  short *marks = (short *)(values + n);
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    values[i] = in[i];
    marks[n - 1 - i] = (short)i;
  }
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    out[i] = values[marks[i]];
    positions[i] = marks[i];
  }
}

// A static array beside the dynamic one: both must have their own place.
__global__ void rotate(int *data, int n, int by) {
  __shared__ int first[32];
  extern __shared__ int rest[];
  if (threadIdx.x < 32) first[threadIdx.x] = data[threadIdx.x];
  for (int i = threadIdx.x; i < n; i += blockDim.x) rest[i] = data[i];
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += blockDim.x)
    data[i] = rest[(i + by) % n] + first[i % 32];
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 1000);
  Generator random;
  std::vector<double> values(n), reversed(n);
  std::vector<short> positions(n);
  for (int i = 0; i < n; i++) values[i] = random.unit();
  for (int i = 0; i < n; i++) {
    reversed[i] = values[n - 1 - i];
    positions[i] = (short)(n - 1 - i);
  }
  Device<double> in(values), out(n);
  Device<short> dPositions(n);
  Verdict verdict("dynamicshared");
  reverse<<<1, 128, n * (sizeof(double) + sizeof(short))>>>(in, out, dPositions, n);
  verdict.equal(out.get(), reversed, "value");
  verdict.equal(dPositions.get(), positions, "position");

  // 60 KB with the static array fit every architecture's largest block.
  int many = 15000;
  std::vector<int> data(many), rotated(many);
  for (int &value : data) value = (int)random.below(1000);
  for (int i = 0; i < many; i++) rotated[i] = data[(i + 777) % many] + data[i % 32];
  Device<int> device(data);
  rotate<<<1, 256, many * sizeof(int)>>>(device, many, 777);
  verdict.expect(cudaGetLastError() == cudaErrorInvalidValue, "too much without asking");
  CHECK(cudaFuncSetAttribute(rotate, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             many * (int)sizeof(int)));
  rotate<<<1, 256, many * sizeof(int)>>>(device, many, 777);
  verdict.equal(device.get(), rotated, "large");
  return verdict.finish();
}
