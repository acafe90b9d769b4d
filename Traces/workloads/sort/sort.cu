// Bitonic sort of a block in shared memory and an LSD radix sort over blocks.
#include "check.h"

__global__ void bitonic(unsigned *keys) {
  __shared__ unsigned part[1024];
  keys += blockIdx.x * 1024;
  for (int i = threadIdx.x; i < 1024; i += 512) part[i] = keys[i];
  for (int size = 2; size <= 1024; size *= 2)
    for (int step = size / 2; step > 0; step /= 2) {
      __syncthreads();
      int i = 2 * threadIdx.x - (threadIdx.x & (step - 1));
      bool up = (i & size) == 0;
      unsigned a = part[i], b = part[i + step];
      if ((a > b) == up) part[i] = b, part[i + step] = a;
    }
  __syncthreads();
  for (int i = threadIdx.x; i < 1024; i += 512) keys[i] = part[i];
}

__global__ void count(const unsigned *keys, unsigned *counts, int shift, int n) {
  __shared__ unsigned bins[16];
  if (threadIdx.x < 16) bins[threadIdx.x] = 0;
  __syncthreads();
  int i = blockIdx.x * 256 + threadIdx.x;
  if (i < n) atomicAdd(&bins[keys[i] >> shift & 15], 1);
  __syncthreads();
  if (threadIdx.x < 16) counts[threadIdx.x * gridDim.x + blockIdx.x] = bins[threadIdx.x];
}

__global__ void offsets(unsigned *counts, int n) {
  unsigned sum = 0;
  for (int i = 0; i < n; i++) {
    unsigned own = counts[i];
    counts[i] = sum;
    sum += own;
  }
}

__global__ void scatter(const unsigned *in, unsigned *out, const unsigned *counts, int shift,
                        int n) {
  __shared__ unsigned digits[256];
  int i = blockIdx.x * 256 + threadIdx.x;
  unsigned key = i < n ? in[i] : 0, digit = i < n ? key >> shift & 15 : 16;
  digits[threadIdx.x] = digit;
  __syncthreads();
  unsigned rank = 0;
  for (int j = 0; j < threadIdx.x; j++) rank += digits[j] == digit;
  if (i < n) out[counts[digit * gridDim.x + blockIdx.x] + rank] = key;
}

int cmp(const void *a, const void *b) {
  unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 2048) / 1024 * 1024;
  Generator random;
  std::vector<unsigned> keys(n);
  for (unsigned &k : keys) k = random.next();
  Verdict verdict("sort");
  Device<unsigned> a(keys), b(n);
  bitonic<<<n / 1024, 512>>>(a);
  std::vector<unsigned> wanted = keys;
  for (int i = 0; i < n; i += 1024) qsort(&wanted[i], 1024, 4, cmp);
  verdict.equal(a.get(), wanted, "bitonic key");
  a.set(keys);
  int blocks = (n + 255) / 256;
  Device<unsigned> counts(16 * blocks);
  unsigned *from = a, *to = b;
  for (int shift = 0; shift < 32; shift += 4) {
    count<<<blocks, 256>>>(from, counts, shift, n);
    offsets<<<1, 1>>>(counts, 16 * blocks);
    scatter<<<blocks, 256>>>(from, to, counts, shift, n);
    std::swap(from, to);
  }
  qsort(keys.data(), n, 4, cmp);
  verdict.equal(a.get(), keys, "radix key");
  return verdict.finish();
}
