// Switches, recursion, function pointers, loops with early exits, local arrays.
#include "check.h"

__host__ __device__ int choose(int x, int y) {
  switch (x % 11) {
    case 0: return y + 1;
    case 1: return y * y;
    case 2: return y - x;
    case 3: return y ^ 0x55;
    case 4: return y << 3;
    case 5: return y / 3;
    case 6: return ~y;
    case 7: return y % 7;
    case 8: return y > 10 ? 5 : 6;
    default: return x;
  }
}

__host__ __device__ __attribute__((noinline)) int fibonacci(int n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

__host__ __device__ int collatz(unsigned n) {
  int steps = 0;
  while (n != 1) {
    n = n % 2 ? 3 * n + 1 : n / 2;
    if (++steps > 300) return -1;
  }
  return steps;
}

__host__ __device__ int locals(int seed) {
  int table[16];
  for (int i = 0; i < 16; i++) table[i] = (seed * (i + 3)) % 101;
  int at = seed & 15, sum = 0;
  for (int i = 0; i < 20; i++) {
    sum += table[at];
    table[at] = sum & 63;
    at = (at + table[(at + 5) & 15]) & 15;
  }
  return sum;
}

typedef int (*Function)(int, int);
__device__ __noinline__ int addition(int a, int b) { return a + b; }
__device__ __noinline__ int product(int a, int b) { return a * b; }
__device__ __noinline__ int difference(int a, int b) { return a - b; }
__device__ Function functions[3] = {addition, product, difference};

__global__ void kernel(int *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  out[i] = choose(i, i * 3);
  out[n + i] = fibonacci(i % 9);
  out[2 * n + i] = collatz(i + 1);
  out[3 * n + i] = locals(i);
  out[4 * n + i] = functions[i % 3](i, 7);
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 300);
  Device<int> out(5 * n);
  kernel<<<(n + 63) / 64, 64>>>(out, n);
  std::vector<int> wanted(5 * n);
  for (int i = 0; i < n; i++) {
    wanted[i] = choose(i, i * 3);
    wanted[n + i] = fibonacci(i % 9);
    wanted[2 * n + i] = collatz(i + 1);
    wanted[3 * n + i] = locals(i);
    wanted[4 * n + i] = i % 3 == 0 ? i + 7 : i % 3 == 1 ? i * 7 : i - 7;
  }
  Verdict verdict("controlflow");
  verdict.equal(out.get(), wanted, "result");
  return verdict.finish();
}
