// With separate.dc.cu: separately compiled (-rdc=true), calls across files and through pointers.
#include "check.h"

extern __device__ int variable;
extern __constant__ float constants[4];
typedef float (*Function)(float);
extern __device__ Function functions[2];
__device__ int helper(int x, int *s);

struct Shape {
  __device__ virtual int area(int x) { return x; }
};
struct Square : Shape {
  __device__ int area(int x) override { return x * x; }
};

__global__ void calls(int *out, int n) {
  extern __shared__ int cells[];
  cells[threadIdx.x] = n;
  __syncthreads();
  Shape shape;
  Square square;
  Shape *chosen = threadIdx.x & 1 ? &square : &shape;
  int sum = 0;
  for (int i = 0; i < n; i++) sum += helper(i, cells);
  out[threadIdx.x] = sum + variable + (int)(constants[threadIdx.x & 3] * 3.f) +
                     (int)functions[threadIdx.x & 1](3.f) + chosen->area(threadIdx.x);
}

int main() {
  int *device, host[8];
  SUCCEEDS(cudaMalloc(&device, sizeof host));
  calls<<<1, 8, 64>>>(device, 5);
  SUCCEEDS(cudaMemcpy(host, device, sizeof host, cudaMemcpyDeviceToHost));
  for (int i = 0; i < 8; i++) {
    int expected = 1 + 1000 + (i % 4 + 1) * 3 + (i & 1 ? 27 : 9) + (i & 1 ? i * i : i);
    if (host[i] != expected) std::printf("%d: %d, not %d\n", i, host[i], expected);
    CHECK(host[i] == expected);
  }
  std::printf("separate: passed\n");
}
