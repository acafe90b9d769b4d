// Variables of the device and constants by name: initial values, copies to and from with offsets,
// addresses and sizes, pointers among the initial values, and indices that differ between lanes.
#include "check.h"

struct Settings {
  float scale;
  int shift;
  short limits[6];
  double bias;
};

__constant__ Settings settings = {1, 2, {3, 4, 5, 6, 7, 8}, 0.5};
__constant__ int table[256];
__device__ int counters[8] = {10, 20, 30};
__device__ float total;
__device__ const char words[][8] = {"zero", "one", "two", "three"};
__device__ int *pointer = &counters[2];
__constant__ int *constantPointer = &counters[4];

__global__ void use(const int *in, float *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  int value = table[in[i] & 255];
  out[i] = settings.scale * (value << settings.shift) + settings.limits[i % 6] +
           (float)settings.bias + words[i % 4][i % 3];
  atomicAdd(&counters[i % 2], 1);
  atomicAdd(pointer, 2);
  atomicAdd(constantPointer, 3);
  if (i == 0) total = settings.scale;
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 1000) / 2 * 2;
  Generator random;
  std::vector<int> in(n), values(256);
  for (int &value : in) value = (int)random.word();
  for (int &value : values) value = (int)random.below(1000);
  Verdict verdict("symbols");

  size_t size;
  CHECK(cudaGetSymbolSize(&size, table));
  verdict.expect(size == sizeof(int) * 256, "size");
  Settings initial;
  CHECK(cudaMemcpyFromSymbol(&initial, settings, sizeof initial));
  verdict.expect(initial.scale == 1 && initial.limits[5] == 8 && initial.bias == 0.5, "initial");

  CHECK(cudaMemcpyToSymbol(table, values.data(), 100 * sizeof(int)));
  CHECK(cudaMemcpyToSymbol(table, values.data() + 100, 156 * sizeof(int), 100 * sizeof(int)));
  short limit = -9;
  CHECK(cudaMemcpyToSymbol(settings, &limit, sizeof limit,
                           offsetof(Settings, limits) + 3 * sizeof(short)));

  Device<int> dIn(in);
  Device<float> out(n);
  float scales[] = {1, -2.5f};
  const char *names[] = {"zero", "one", "two", "three"};
  const int limits[] = {3, 4, 5, -9, 7, 8};
  for (float scale : scales) {
    CHECK(cudaMemcpyToSymbol(settings, &scale, sizeof scale));
    use<<<ceilDivide(n, 128), 128>>>(dIn, out, n);
    auto found = out.get();
    for (int i = 0; i < n; i++) {
      int shifted = values[in[i] & 255] << 2;
      float wanted = scale * shifted + limits[i % 6] + 0.5f + names[i % 4][i % 3];
      verdict.expect(found[i] == wanted, "value", i);
    }
    float last;
    CHECK(cudaMemcpyFromSymbol(&last, total, sizeof last));
    verdict.expect(last == scale, "scalar");
  }

  // By name and by address.
  int found[8], *address;
  CHECK(cudaMemcpyFromSymbol(found, counters, 4 * sizeof(int)));
  CHECK(cudaGetSymbolAddress((void **)&address, counters));
  CHECK(cudaMemcpy(found + 4, address + 4, 4 * sizeof(int), cudaMemcpyDeviceToHost));
  const int wanted[8] = {10 + n, 20 + n, 30 + 4 * n, 0, 6 * n, 0, 0, 0};
  for (int i = 0; i < 8; i++) verdict.expect(found[i] == wanted[i], "counter", i);
  return verdict.finish();
}
