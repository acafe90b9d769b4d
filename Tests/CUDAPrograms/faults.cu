// What a kernel does wrong sticks: every later call answers it. The argument says what to do.
#include "check.h"

#include <cassert>

__global__ void outside(int *data) { data[1 << 20] = 1; }
__global__ void crooked(char *data) { *(int *)(data + 1) = 1; }
__global__ void disagree(int x) { assert(x == 1); }
__global__ void trap() { asm volatile("trap;"); }
__global__ void spin(volatile int *data) { while (*data == 0) continue; }

int main(int, char **arguments) {
  int *data;
  SUCCEEDS(cudaMalloc(&data, 256));
  cudaError_t expected;
  switch (*arguments[1]) {
  case 'o': outside<<<1, 1>>>(data); expected = cudaErrorIllegalAddress; break;
  case 'c': crooked<<<1, 1>>>((char *)data); expected = cudaErrorMisalignedAddress; break;
  case 'd': disagree<<<1, 1>>>(2); expected = cudaErrorAssert; break;
  case 's': spin<<<1, 1>>>(data); expected = cudaErrorLaunchTimeout; break;
  default: trap<<<1, 1>>>(); expected = cudaErrorLaunchFailure; break;
  }
  CHECK(cudaDeviceSynchronize() == expected);
  CHECK(cudaGetLastError() == expected && cudaGetLastError() == expected);
  void *more;
  CHECK(cudaMalloc(&more, 16) == expected);
  std::printf("faults: %s\n", cudaGetErrorString(expected));
}
