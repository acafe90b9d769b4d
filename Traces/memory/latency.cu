// Latencies of a chain of dependent accesses by one thread (memory: by four), between clock reads.
//   latency l1 | l2 | copied | memory | shared | shared-48 | atomic
#include "timed.h"

enum class Cached { everywhere, inL2, nowhere };

template <Cached where>
__device__ __forceinline__ uint64_t load(uint64_t at) {
  uint64_t value;
  if constexpr (where == Cached::everywhere)
    asm volatile("ld.global.ca.u64 %0, [%1];" : "=l"(value) : "l"(at) : "memory");
  else if constexpr (where == Cached::inL2)
    asm volatile("ld.global.cg.u64 %0, [%1];" : "=l"(value) : "l"(at) : "memory");
  else
    asm volatile("ld.global.cv.u64 %0, [%1];" : "=l"(value) : "l"(at) : "memory");
  return value;
}

struct Times {
  uint64_t start, end, last;
};

template <Cached where>
__device__ void timeChain(uint64_t first, int begin, int end, int step, Times *out) {
  uint64_t at = load<where>(first);
  meet();
  uint64_t start = readClock();
  for (int i = begin; i < end; i += step) at = load<where>(at);
  uint64_t stop = readClock();
  *out = {start, stop, at};
}

// The thread itself writes the list, so that its lines are in L2, but not in L1: the first pass
// of eight fetches them from there, sector by sector.
template <Cached where, bool filled>
__global__ void chain(uint64_t *list, int count, int steps, Times *out) {
  if (!filled) {
    for (int i = 0; i < count - 1; i++) list[i] = (uint64_t)(list + i + 1);
    list[count - 1] = (uint64_t)list;
  }
  timeChain<where>((uint64_t)list, 0, steps, 1, out);
}

// The whole grid writes the list; then four neighbouring threads go through it, one sector a step.
__global__ void chainMemory(uint64_t *list, uint32_t count, int steps, Times *out) {
  uint32_t thread = blockIdx.x * blockDim.x + threadIdx.x;
  for (uint32_t i = thread; i < count - 4; i += blockDim.x * gridDim.x)
    list[i] = (uint64_t)(list + i + 4);
  if (thread < 4) {
    list[count - 4 + thread] = (uint64_t)(list + thread);
    timeChain<Cached::nowhere>((uint64_t)(list + thread), thread, 4 * steps - 4, 4, out + thread);
  }
}

// An index becomes an address by an instruction of its own (the factor comes from the host): that is
// what fits the measured 30 cycles. Left alone, the compiler scales the index inside the load.
template <int count>
__global__ void chainShared(int stride, int size, int steps, Times *out) {
  __shared__ uint64_t next[count];
  for (int i = threadIdx.x; i < count - stride; i += blockDim.x) next[i] = (i + stride) % count;
  if (threadIdx.x == 0) {
    uint32_t base = (uint32_t)__cvta_generic_to_shared(next);
    uint64_t at = 0;
    uint64_t start = readClock();
    for (int i = 0; i < steps; i++)
      asm volatile("ld.shared.u64 %0, [%1];" : "=l"(at) : "r"(base + (uint32_t)at * size));
    uint64_t stop = readClock();
    *out = {start, stop, at};
  }
}

__global__ void chainAtomic(int *cells, int steps, Times *out) {
  int at = 0;
  meet();
  uint64_t start = readClock();
  for (int i = 0; i < steps; i++) at = atomicAdd(&cells[at], 10);
  meet();
  uint64_t stop = readClock();
  *out = {start, stop, (uint64_t)at};
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "l1";
  auto is = [&](const char *name) { return !std::strcmp(what, name); };
  Verdict verdict(what);
  Device<Times> times(4);
  int steps = 32768;
  if (is("l1") || is("l2")) {
    int count = 4096;
    Device<uint64_t> list(count);
    if (is("l1"))
      chain<Cached::everywhere, false><<<1, 1>>>(list, count, steps, times);
    else
      chain<Cached::inL2, false><<<1, 1>>>(list, count, steps, times);
    verdict.expect(times.get()[0].last == (uint64_t)(list + 1), "end");
  } else if (is("copied")) {
    int count = 32768;
    Device<uint64_t> list(count);
    std::vector<uint64_t> host(count);
    for (int i = 0; i < count; i++) host[i] = (uint64_t)(list + (i + 1) % count);
    list.set(host);
    chain<Cached::inL2, true><<<1, 1>>>(list, count, steps, times);
    verdict.expect(times.get()[0].last == (uint64_t)(list + 1), "end");
  } else if (is("memory")) {
    // Twice the 72 MiB of L2. The loop makes 8191 steps; the row divides by 8192, and so do we.
    uint32_t count = 2 * (72 << 20) / 8;
    steps = 8192;
    Device<uint64_t> list(count);
    // The kernel writes the list itself, but its first thread may come to a link before the thread
    // that writes it does, so the links that will be followed are there already.
    std::vector<uint64_t> links(4 * steps + 4);
    for (size_t i = 0; i < links.size(); i++) links[i] = (uint64_t)(list + i + 4);
    CHECK(cudaMemcpy(list, links.data(), links.size() * 8, cudaMemcpyHostToDevice));
    chainMemory<<<128, 1024>>>(list, count, steps, times);
    verdict.expect(times.get()[0].last == (uint64_t)(list + 4 * steps), "end");
  } else if (is("shared") || is("shared-48")) {
    steps = 2048;
    if (is("shared"))
      chainShared<4096><<<1, 1>>>(1, 8, steps, times);
    else
      chainShared<6144><<<1, 32>>>(1, 8, steps, times);
    verdict.expect(times.get()[0].last == 2048, "end");
  } else if (is("atomic")) {
    steps = 1024;
    std::vector<int> host(steps);
    for (int i = 0; i < steps; i++) host[i] = (i + 1) % steps;
    Device<int> cells(host);
    chainAtomic<<<1, 1>>>(cells, steps, times);
    verdict.expect(times.get()[0].last == 0, "end");
  } else {
    std::printf("latency: there is no '%s'\n", what);
    return 2;
  }
  Times first = times.get()[0];
  std::printf("%s: %llu clocks, %.3f a step\n", what, (unsigned long long)(first.end - first.start),
              (double)(first.end - first.start) / steps);
  return verdict.finish();
}
