// Bandwidths, between clock reads.
//   bandwidth l1-32 | l1-64 | l1-128 | l1-shared | l2-32 | l2-64 | memory | shared-32 | shared-64
//   bandwidth copy [MIB [BLOCKS]]     float4 copy
//   bandwidth strided                 six strides, cached in L1, then in L2 only
#include "timed.h"

constexpr int threads = 1024;

// volatile, because nothing but the clock asks for most of the loads.
__device__ __forceinline__ void take(float &sum, const float *at) {
  float value;
  asm volatile("ld.global.ca.f32 %0, [%1];" : "=f"(value) : "l"(at) : "memory");
  sum += value;
}

__device__ __forceinline__ void take(double &sum, const double *at) {
  double value;
  asm volatile("ld.global.ca.f64 %0, [%1];" : "=d"(value) : "l"(at) : "memory");
  sum += value;
}

__device__ __forceinline__ void take(float4 &sum, const float4 *at) {
  float4 value;
  asm volatile("ld.global.ca.v4.f32 {%0, %1, %2, %3}, [%4];"
               : "=f"(value.x), "=f"(value.y), "=f"(value.z), "=f"(value.w)
               : "l"(at)
               : "memory");
  sum.x += value.x, sum.y += value.y, sum.z += value.z, sum.w += value.w;
}

__device__ __forceinline__ void takeL2(float &sum, const float *at) {
  float value;
  asm volatile("ld.global.cg.f32 %0, [%1];" : "=f"(value) : "l"(at) : "memory");
  sum += value;
}

__device__ __forceinline__ void takeL2(double &sum, const double *at) {
  double value;
  asm volatile("ld.global.cg.f64 %0, [%1];" : "=d"(value) : "l"(at) : "memory");
  sum += value;
}

__device__ __forceinline__ float total(float value) { return value; }
__device__ __forceinline__ double total(double value) { return value; }
__device__ __forceinline__ float total(float4 value) {
  return value.x + value.y + value.z + value.w;
}

// One block reads an array of 64 KiB over and over: `width` loads a step, each warp's 32 elements
// wide, so that a warp's loads of one step lie side by side.
template <typename Element, int width>
__global__ void readL1(const Element *array, int steps, uint64_t *start, uint64_t *end,
                       double *sink) {
  constexpr int count = 65536 / sizeof(Element);
  Element sums[width] = {};
  for (int i = threadIdx.x; i < count; i += blockDim.x) take(sums[0], array + i);
  meet();
  uint64_t began = readClock();
  for (uint32_t step = 0; step < steps; step++) {
    const Element *at = array + (threadIdx.x + step * 32 * width) % count;
#pragma unroll
    for (int i = 0; i < width; i++) take(sums[i], at + 32 * i);
  }
  meet();
  uint64_t ended = readClock();
  start[threadIdx.x] = began;
  end[threadIdx.x] = ended;
  double sum = 0;
  for (int i = 0; i < width; i++) sum += total(sums[i]);
  sink[threadIdx.x] = sum;
}

// Two chains a thread, one in shared memory and one in global memory that L1 holds.
__global__ void readBoth(const volatile uint32_t *array, int stride, int steps, uint64_t *start,
                         uint64_t *end, uint32_t *sink) {
  __shared__ uint32_t next[8192];
  uint32_t inShared = threadIdx.x, inGlobal = threadIdx.x;
  for (uint32_t i = threadIdx.x; i < 8192; i += blockDim.x) next[i] = (i + stride + 7) % 8192;
  auto chase = [](const uint32_t *array, uint32_t at) {
    uint32_t value;
    asm volatile("ld.global.ca.u32 %0, [%1];" : "=r"(value) : "l"(array + at) : "memory");
    return value;
  };
  for (int i = 0; i < 16384; i++) inGlobal = chase((const uint32_t *)array, inGlobal);
  meet();
  uint64_t began = readClock();
  for (int i = 0; i < steps; i++) {
    inShared = next[inShared];
    inGlobal = chase((const uint32_t *)array, inGlobal);
  }
  meet();
  uint64_t ended = readClock();
  start[threadIdx.x] = began;
  end[threadIdx.x] = ended;
  sink[threadIdx.x] = inShared + inGlobal;
}

// All threads of the grid; each step reads the elements 32 further on.
template <typename Element>
__global__ void readL2(const Element *array, uint32_t count, int steps, uint64_t *start,
                       uint64_t *end, Element *sink) {
  uint32_t thread = blockIdx.x * blockDim.x + threadIdx.x;
  Element sum = 0;
  for (uint32_t i = thread; i < count; i += blockDim.x * gridDim.x) takeL2(sum, array + i);
  meet();
  uint64_t began = readClock();
  for (uint32_t step = 0; step < steps; step++) takeL2(sum, array + step * warpSize + thread);
  meet();
  uint64_t ended = readClock();
  start[thread] = began;
  end[thread] = ended;
  sink[thread] = sum;
}

__global__ void sumArrays(const float4 *a, const float4 *b, float4 *c, const float4 *d,
                          const float4 *e, const float4 *f, int count, uint64_t *start,
                          uint64_t *end) {
  int thread = blockIdx.x * blockDim.x + threadIdx.x;
  meet();
  uint64_t began = readClock();
  for (int i = thread; i < count; i += blockDim.x * gridDim.x) {
    float4 u = a[i], v = b[i], w = d[i], x = e[i], y = f[i];
    c[i] = {u.x + v.x + w.x + x.x + y.x, u.y + v.y + w.y + x.y + y.y,
            u.z + v.z + w.z + x.z + y.z, u.w + v.w + w.w + x.w + y.w};
  }
  meet();
  uint64_t ended = readClock();
  start[thread] = began;
  end[thread] = ended;
}

__global__ void readShared(int stride, int steps, uint64_t *start, uint64_t *end, uint32_t *sink) {
  __shared__ uint32_t next[8192];
  uint32_t at = threadIdx.x;
  for (uint32_t i = threadIdx.x; i < 8192; i += blockDim.x) next[i] = (i + stride) % 8192;
  meet();
  uint64_t began = readClock();
  for (int i = 0; i < steps; i++) at = next[at];
  meet();
  uint64_t ended = readClock();
  start[threadIdx.x] = began;
  end[threadIdx.x] = ended;
  sink[threadIdx.x] = at;
}

// Independent loads of 64 bits, four a step. Both halves are used, or the compiler drops one.
__global__ void readShared64(int steps, uint64_t *start, uint64_t *end, float *sink) {
  __shared__ float2 array[4096];
  float2 sums[4] = {};
  for (uint32_t i = threadIdx.x; i < 4096; i += blockDim.x) array[i] = {1, 2};
  uint32_t base = (uint32_t)__cvta_generic_to_shared(array);
  meet();
  uint64_t began = readClock();
  for (uint32_t step = 0; step < steps; step++) {
#pragma unroll
    for (uint32_t i = 0; i < 4; i++) {
      float2 value;
      uint32_t place = (threadIdx.x + 128 * step + 32 * i) % 4096;
      asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];"
                   : "=f"(value.x), "=f"(value.y)
                   : "r"(base + 8 * place)
                   : "memory");
      sums[i].x += value.x, sums[i].y += value.y;
    }
  }
  meet();
  uint64_t ended = readClock();
  start[threadIdx.x] = began;
  end[threadIdx.x] = ended;
  sink[threadIdx.x] = sums[0].x + sums[1].x + sums[2].x + sums[3].x + sums[0].y + sums[1].y +
                      sums[2].y + sums[3].y;
}

__global__ void copy(const float4 *from, float4 *to, int count, uint64_t *start, uint64_t *end) {
  int thread = blockIdx.x * blockDim.x + threadIdx.x;
  meet();
  uint64_t began = readClock();
  for (int i = thread; i < count; i += blockDim.x * gridDim.x) to[i] = from[i];
  meet();
  uint64_t ended = readClock();
  start[thread] = began;
  end[thread] = ended;
}

// 64 KiB again and again: neighbouring lanes read words `stride` apart. The stride comes from the
// host, because a compiler that knows it sees equal loads and makes them one.
template <bool inL1>
__global__ void readStrided(const float *array, uint32_t stride, int steps, uint64_t *start,
                            uint64_t *end, float *sink) {
  float sum = 0;
  for (uint32_t i = threadIdx.x; i < 16384; i += blockDim.x) take(sum, array + i);
  meet();
  uint64_t began = readClock();
  for (uint32_t step = 0; step < steps; step++) {
    uint32_t place = (threadIdx.x + threads * step) * stride + (step & (stride - 1));
    const float *at = array + place % 16384;
    if (inL1)
      take(sum, at);
    else
      takeL2(sum, at);
  }
  meet();
  uint64_t ended = readClock();
  start[threadIdx.x] = began;
  end[threadIdx.x] = ended;
  sink[threadIdx.x] = sum;
}

template <bool inL1>
void runStrided(Verdict &verdict) {
  constexpr int steps = 128;
  Device<float> array(std::vector<float>(16384, 1.0f)), sink(threads);
  Stamps stamps(threads);
  for (uint32_t stride = 1; stride <= 32; stride *= 2) {
    readStrided<inL1><<<1, threads>>>(array, stride, steps, stamps.start, stamps.end, sink);
    stamps.report(inL1 ? "strided, L1" : "strided, L2");
    verdict.expect(sink.get()[threads - 1] == steps + 16, "sum");
  }
}

template <typename Element, int width>
void runL1(Verdict &verdict) {
  constexpr int count = 65536 / sizeof(Element), steps = 256;
  // The last step's loads reach past the array that is warmed.
  std::vector<float> ones(16384 + 32 * width * sizeof(Element) / 4, 0.0f);
  Device<float> array(ones);
  Stamps stamps(threads);
  Device<double> sink(threads);
  readL1<Element, width>
      <<<1, threads>>>((const Element *)array.data, steps, stamps.start, stamps.end, sink);
  verdict.expect(sink.get()[0] == 0 && count > 0, "sum");
  stamps.report("L1");
}

template <typename Element>
void runL2(Verdict &verdict) {
  int blocks = 128, steps = 2048, count = blocks * threads + steps * 32;
  Device<Element> array(std::vector<Element>(count, 1)), sink(blocks * threads);
  Stamps stamps(blocks * threads);
  readL2<Element><<<blocks, threads>>>(array, count, steps, stamps.start, stamps.end, sink);
  verdict.expect(sink.get()[0] == steps + ceilDivide(count, blocks * threads), "sum");
  stamps.report("L2");
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "l1-32";
  auto is = [&](const char *name) { return !std::strcmp(what, name); };
  Verdict verdict(what);
  if (is("l1-32")) {
    runL1<float, 4>(verdict);
  } else if (is("l1-64")) {
    runL1<double, 2>(verdict);
  } else if (is("l1-128")) {
    runL1<float4, 2>(verdict);
  } else if (is("l1-shared")) {
    // The measured program fills the first 1024 places of 16384 only. The rest is 0, so that after
    // two steps all threads go to and fro between the places 0 and 1025.
    std::vector<uint32_t> places(16384, 0);
    for (uint32_t i = 0; i < 1024; i++) places[i] = i + 1025;
    Device<uint32_t> array(places), sink(threads);
    Stamps stamps(threads);
    readBoth<<<1, threads>>>(array, 1024, 4096, stamps.start, stamps.end, sink);
    verdict.expect(sink.get()[0] % 8192 != 1, "place");
    stamps.report("L1 and shared");
  } else if (is("l2-32")) {
    runL2<float>(verdict);
  } else if (is("l2-64")) {
    runL2<double>(verdict);
  } else if (is("memory")) {
    // Six arrays of twice the 72 MiB of L2.
    int blocks = 128, count = 2 * (72 << 20) / 16;
    std::vector<float4> ones(count, {1, 1, 1, 1});
    Device<float4> a(ones), b(ones), c(count), d(ones), e(ones), f(ones);
    Stamps stamps(blocks * threads);
    sumArrays<<<blocks, threads>>>(a, b, c, d, e, f, count, stamps.start, stamps.end);
    verdict.expect(c.get()[count - 1].w == 5, "sum");
    stamps.report("memory");
  } else if (is("shared-32")) {
    Stamps stamps(threads);
    Device<uint32_t> sink(threads);
    readShared<<<1, threads>>>(threads, 4096, stamps.start, stamps.end, sink);
    verdict.expect(sink.get()[5] == 5, "place");
    stamps.report("shared");
  } else if (is("shared-64")) {
    Stamps stamps(threads);
    Device<float> sink(threads);
    readShared64<<<1, threads>>>(256, stamps.start, stamps.end, sink);
    verdict.expect(sink.get()[5] == 256 * 4 * 3, "sum");
    stamps.report("shared");
  } else if (is("copy")) {
    int count = argument(argc, argv, 2, 96) * (1 << 20) / 16, blocks = argument(argc, argv, 3, 128);
    Device<float4> from(std::vector<float4>(count, {1, 2, 3, 4})), to(count);
    Stamps stamps(blocks * threads);
    copy<<<blocks, threads>>>(from, to, count, stamps.start, stamps.end);
    verdict.expect(to.get()[count - 1].w == 4, "copy");
    stamps.report("copy");
  } else if (is("strided")) {
    runStrided<true>(verdict);
    runStrided<false>(verdict);
  } else {
    std::printf("bandwidth: there is no '%s'\n", what);
    return 2;
  }
  return verdict.finish();
}
