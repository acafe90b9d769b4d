// Chains of dependent arithmetic between two clock reads: by one thread for the latency, by a block
// of 1024 threads for the rate. Launch, steps and timed part are those of the RTX 4090 rows in
// Validation/measurements/unit-rows.csv.
#include <mma.h>

#include <cstring>

#include "timed.h"

struct FloatChain {
  using Value = float;
  Value x, y;
  __device__ void step() { asm volatile("fma.rn.f32 %0, %0, %1, %0;" : "+f"(x) : "f"(y)); }
};

// As the above, with a product of two other registers: three operands from two banks.
struct SumChain {
  using Value = float;
  Value a, b, x = 1;
  __device__ void step() { asm volatile("fma.rn.f32 %0, %1, %2, %0;" : "+f"(x) : "f"(a), "f"(b)); }
};

struct IntegerChain {
  using Value = int;
  Value x, y;
  __device__ void step() { asm volatile("mad.lo.s32 %0, %0, %1, %0;" : "+r"(x) : "r"(y)); }
};

struct DoubleChain {
  using Value = double;
  Value x, y;
  __device__ void step() { asm volatile("fma.rn.f64 %0, %0, %1, %0;" : "+d"(x) : "d"(y)); }
};

struct RootChain {
  using Value = float;
  Value x, y;
  __device__ void step() { asm volatile("sqrt.approx.ftz.f32 %0, %0;" : "+f"(x)); }
};

// Four steps an iteration, as measured. Every thread loads its values: the compiler computes what is
// the same for a whole warp on the uniform datapath.
template <typename Chain>
__global__ void chain(int iterations, const typename Chain::Value *values, uint64_t *start, uint64_t *end,
                      double *last) {
  int thread = threadIdx.x;
  Chain chain{values[thread], values[blockDim.x + thread]};
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
  last[thread] = chain.x;
}

// Factors are zero, so that chains keep their first value, one.
template <typename Chain>
void launch(int threads, int iterations, Stamps &stamps, double *last) {
  using Value = typename Chain::Value;
  std::vector<Value> host(2 * threads, Value(0));
  std::fill(host.begin(), host.begin() + threads, Value(1));
  Device<Value> values(host);
  chain<Chain><<<1, threads>>>(iterations, values, stamps.start, stamps.end, last);
  CHECK(cudaGetLastError());
  CHECK(cudaDeviceSynchronize());
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
  const char *what = count > 1 ? arguments[1] : "float";
  int threads = count > 2 ? atoi(arguments[2]) : 1;
  int steps = count > 3 ? atoi(arguments[3]) : 1024;
  auto is = [&](const char *name) { return !strcmp(what, name); };
  Verdict verdict("units");
  Stamps stamps(threads);
  Device<double> last(threads);
  double wanted = 1;
  if (is("float")) launch<FloatChain>(threads, steps, stamps, last);
  else if (is("sum")) launch<SumChain>(threads, steps, stamps, last);
  else if (is("integer")) launch<IntegerChain>(threads, steps, stamps, last);
  else if (is("double")) launch<DoubleChain>(threads, steps, stamps, last);
  else if (is("root")) launch<RootChain>(threads, steps, stamps, last);
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
