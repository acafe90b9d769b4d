__device__ int variable = 1000;
__constant__ float constants[4] = {1, 2, 3, 4};
typedef float (*Function)(float);
__device__ float square(float x) { return x * x; }
__device__ float cube(float x) { return x * x * x; }
__device__ Function functions[2] = {square, cube};
__device__ static int factorial(int n) { return n <= 1 ? 1 : n * factorial(n - 1); }
__device__ __noinline__ int helper(int x, int *s) {
  int r = 0;
  for (int k = 0; k <= x; k++) {
    if (k & 1)
      r += factorial(k) + s[k];
    else
      r -= s[k];
  }
  return r;
}
