// Chains of dependent arithmetic between two clock reads: by one thread for the latency, by a block
// of 1024 threads for the rate. Launch, steps and timed part are those of the RTX 4090 rows in
// Validation/measurements/unit-rows.csv.
#include <mma.h>

#include <cstring>

#include "timed.h"

struct FloatChain {
  float x, y;
  __device__ explicit FloatChain(int seed) : x(1), y(seed * 1e-9f) {}
  __device__ void step() { asm volatile("fma.rn.f32 %0, %0, %1, %0;" : "+f"(x) : "f"(y)); }
  __device__ double value() const { return x; }
};

struct IntegerChain {
  int x, y;
  __device__ explicit IntegerChain(int seed) : x(1), y(seed) {}
  __device__ void step() { asm volatile("mad.lo.s32 %0, %0, %1, %0;" : "+r"(x) : "r"(y)); }
  __device__ double value() const { return x; }
};

struct DoubleChain {
  double x, y;
  __device__ explicit DoubleChain(int seed) : x(1), y(seed * 1e-12) {}
  __device__ void step() { asm volatile("fma.rn.f64 %0, %0, %1, %0;" : "+d"(x) : "d"(y)); }
  __device__ double value() const { return x; }
};

struct RootChain {
  float x;
  __device__ explicit RootChain(int seed) : x(1 + seed) {}
  __device__ void step() { asm volatile("sqrt.approx.ftz.f32 %0, %0;" : "+f"(x)); }
  __device__ double value() const { return x; }
};

// Four steps an iteration, as measured.
template <typename Chain>
__global__ void chain(int iterations, int seed, uint64_t *start, uint64_t *end, double *last) {
  int thread = threadIdx.x;
  Chain chain(seed);
  meet();
  uint64_t first = readClock();
  for (int i = 0; i < iterations; i++) {
    chain.step();
    chain.step();
    chain.step();
    chain.step();
  }
  meet();
  uint64_t second = readClock();
  start[thread] = first;
  end[thread] = second;
  last[thread] = chain.value();
}

// Dependent products of 16 x 16 x 16 halves, accumulated in single precision.
__global__ void products(int steps, int seed, uint64_t *start, uint64_t *end, double *last) {
  using namespace nvcuda::wmma;
  int thread = threadIdx.x;
  fragment<matrix_a, 16, 16, 16, half, row_major> a;
  fragment<matrix_b, 16, 16, 16, half, col_major> b;
  fragment<accumulator, 16, 16, 16, float> c;
  fill_fragment(a, __float2half(0.0625f));
  // Both halves of b alike would leave one product of the two.
  for (int i = 0; i < b.num_elements; i++) b.x[i] = __int2half_rn(1 + seed * i);
  fill_fragment(c, 0.0f);
  meet();
  uint64_t first = readClock();
  for (int i = 0; i < steps; i++) mma_sync(c, a, b, c);
  meet();
  uint64_t second = readClock();
  start[thread] = first;
  end[thread] = second;
  last[thread] = (c.x[0] + c.x[4]) / 2;
}

int main(int count, char **arguments) {
  // Factors are zero, so that chains keep their value; the compiler does not know.
  const char *what = count > 1 ? arguments[1] : "float";
  int threads = count > 2 ? atoi(arguments[2]) : 1;
  int steps = count > 3 ? atoi(arguments[3]) : 1024;
  auto is = [&](const char *name) { return !strcmp(what, name); };
  Verdict verdict("units");
  Stamps stamps(threads);
  Device<double> last(threads);
  double wanted = 1;
  if (is("float")) chain<FloatChain><<<1, threads>>>(steps, 0, stamps.start, stamps.end, last);
  else if (is("integer")) chain<IntegerChain><<<1, threads>>>(steps, 0, stamps.start, stamps.end, last);
  else if (is("double")) chain<DoubleChain><<<1, threads>>>(steps, 0, stamps.start, stamps.end, last);
  else if (is("root")) chain<RootChain><<<1, threads>>>(steps, 0, stamps.start, stamps.end, last);
  else if (is("product")) {
    products<<<1, threads>>>(steps, 0, stamps.start, stamps.end, last);
    // One thread alone holds a quarter of the row that it multiplies.
    wanted = threads < 32 ? steps / 4.0 : steps;
  } else {
    std::printf("units: there is no '%s'\n", what);
    return 2;
  }
  CHECK(cudaGetLastError());
  CHECK(cudaDeviceSynchronize());
  double found = last.get()[0];
  verdict.expect(found > wanted * 0.999 && found < wanted * 1.001, "end of the chain");
  stamps.report(what);
  return verdict.finish();
}
