// Device printf.
#include "check.h"

__global__ void speak(int n) {
  if (threadIdx.x % 16 == 3)
    printf("thread %d of %s: %5.2f %c 0x%08x %lld%%\n", threadIdx.x, "the block", n / 8.0, 'x',
           threadIdx.x * 257, (long long)n << 33);
}

int main() {
  speak<<<1, 32>>>(10);
  Verdict verdict("printing");
  verdict.expect(cudaDeviceSynchronize() == cudaSuccess);
  return verdict.finish();
}
