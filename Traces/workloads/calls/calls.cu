// Calls that remain calls: functions that are not inlined, recursion, a table of function
// pointers, virtual functions, and arrays on the stack with computed indices.
#include "check.h"

__host__ __device__ __noinline__ int fibonacci(int n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

// Depth and number of calls depend on both arguments.
__host__ __device__ __noinline__ int paths(int x, int y) {
  if (x == 0 || y == 0) return 1;
  return paths(x - 1, y) + paths(x, y - 1);
}

__host__ __device__ __noinline__ float mix(float a, float b, float c, float d, int &count) {
  count++;
  return a * b + c / d;
}

// A small sort on an array that cannot live in registers.
__host__ __device__ __noinline__ int median(int seed) {
  int values[15];
  for (int i = 0; i < 15; i++) values[i] = (seed * 37 + i * 101) % 53;
  for (int i = 1; i < 15; i++) {
    int value = values[i], j = i;
    for (; j > 0 && values[j - 1] > value; j--) values[j] = values[j - 1];
    values[j] = value;
  }
  return values[7] * 100 + values[(seed + values[3]) % 15];
}

using Function = int (*)(int, int);
__device__ __noinline__ int add(int a, int b) { return a + b; }
__device__ __noinline__ int multiply(int a, int b) { return a * b; }
__device__ __noinline__ int power(int a, int b) {
  unsigned result = 1;
  for (int i = 0; i < b; i++) result *= (unsigned)a;
  return (int)result;
}
__device__ Function functions[] = {add, multiply, power};

struct Shape {
  __device__ virtual float area() const = 0;
  __device__ virtual float scaled(float factor) const { return factor * factor * area(); }
};
struct Square : Shape {
  float side;
  __device__ explicit Square(float side) : side(side) {}
  __device__ float area() const override { return side * side; }
};
struct Ring : Shape {
  float outer, inner;
  __device__ Ring(float outer, float inner) : outer(outer), inner(inner) {}
  __device__ float area() const override { return 3 * (outer * outer - inner * inner); }
  __device__ float scaled(float factor) const override { return factor + area(); }
};

enum Column { recursive, doublyRecursive, called, local, indirect, columns };

__global__ void callAll(int *out, float *areas, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  out[recursive * n + i] = fibonacci(i % 11);
  out[doublyRecursive * n + i] = paths(i % 5, i % 4);
  int count = i;
  float mixed = mix(i, 2, 8, 1 << i % 4, count);
  out[called * n + i] = (int)mixed + count;
  out[local * n + i] = median(i);
  out[indirect * n + i] = functions[i % 3](i, i % 5);

  Square square(i);
  Ring ring(i + 2, i);
  const Shape *shape = i % 2 ? (const Shape *)&square : (const Shape *)&ring;
  areas[i] = shape->scaled(2);
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 256);
  // Frames of recursive functions add up; the compiler cannot say to how much.
  CHECK(cudaDeviceSetLimit(cudaLimitStackSize, 4096));
  std::vector<int> wanted(columns * n);
  std::vector<float> areas(n);
  for (int i = 0; i < n; i++) {
    wanted[recursive * n + i] = fibonacci(i % 11);
    wanted[doublyRecursive * n + i] = paths(i % 5, i % 4);
    wanted[called * n + i] = i * 2 + 8 / (1 << i % 4) + i + 1;
    wanted[local * n + i] = median(i);
    uint32_t power = 1;
    for (int j = 0; j < i % 5; j++) power *= (uint32_t)i;
    wanted[indirect * n + i] = i % 3 == 0 ? i + i % 5 : i % 3 == 1 ? i * (i % 5) : (int)power;
    areas[i] = i % 2 ? 4.0f * i * i : 2 + 3.0f * ((i + 2) * (i + 2) - i * i);
  }
  Device<int> out(columns * n);
  Device<float> dAreas(n);
  Verdict verdict("calls");
  callAll<<<ceilDivide(n, 64), 64>>>(out, dAreas, n);
  verdict.equal(out.get(), wanted, "result");
  verdict.equal(dAreas.get(), areas, "area");
  return verdict.finish();
}
