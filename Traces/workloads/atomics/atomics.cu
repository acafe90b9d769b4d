// Atomic operations of all types on global and shared memory.
#include <cuda_fp16.h>

#include "check.h"

struct Cells {
  int add, least, greatest, both, either, odd, count;
  unsigned up, down, locked;
  unsigned long long wide, wideGreatest;
  float single;
  double precise;
  __half2 pair;
};

__device__ void operate(Cells *c, int i) {
  atomicAdd(&c->add, i);
  atomicMin(&c->least, i - 50);
  atomicMax(&c->greatest, i * 3);
  atomicAnd(&c->both, ~(1 << i % 8));
  atomicOr(&c->either, 1 << i % 20);
  atomicXor(&c->odd, i);
  atomicInc(&c->up, 6);
  atomicDec(&c->down, 9);
  atomicAdd(&c->wide, (unsigned long long)i << 20);
  atomicMax(&c->wideGreatest, (unsigned long long)i << 33);
  atomicAdd(&c->single, 0.5f);
  atomicAdd(&c->precise, 0.25);
  // A maximum by compare and swap.
  int seen = c->count;
  while (seen < i) {
    int before = atomicCAS(&c->count, seen, i);
    if (before == seen) break;
    seen = before;
  }
  // A lock held by one lane at a time.
  for (bool done = false; !done;) {
    if (atomicExch(&c->locked, 1) == 0) {
      unsigned word = *(volatile unsigned *)&c->pair;
      __half2 value = __hadd2(*(__half2 *)&word, __float2half2_rn(1.0f));
      *(volatile unsigned *)&c->pair = *(unsigned *)&value;
      __threadfence();
      atomicExch(&c->locked, 0);
      done = true;
    }
  }
}

__global__ void onGlobal(Cells *c) { operate(c, blockIdx.x * blockDim.x + threadIdx.x); }

__global__ void onShared(Cells *c) {
  __shared__ Cells own;
  if (threadIdx.x == 0) own = *c;
  __syncthreads();
  operate(&own, threadIdx.x);
  __syncthreads();
  if (threadIdx.x == 0) *c = own;
}

int main() {
  Verdict verdict("atomics");
  for (int shared = 0; shared < 2; shared++) {
    int n = shared ? 128 : 256;
    std::vector<Cells> start(1);
    Cells &s = start[0];
    s = Cells{};
    s.both = 0xffff;
    s.pair = __float2half2_rn(0.0f);
    Device<Cells> cells(start);
    if (shared) onShared<<<1, n>>>(cells);
    else onGlobal<<<2, n / 2>>>(cells);
    Cells f = cells.get()[0], w{};
    w.both = 0xffff;
    for (int i = 0; i < n; i++) {
      w.add += i, w.least = std::min(w.least, i - 50), w.greatest = std::max(w.greatest, i * 3);
      w.both &= ~(1 << i % 8), w.either |= 1 << i % 20, w.odd ^= i;
      w.up = w.up >= 6 ? 0 : w.up + 1;
      w.down = w.down == 0 || w.down > 9 ? 9 : w.down - 1;
      w.wide += (unsigned long long)i << 20, w.wideGreatest = (unsigned long long)i << 33;
    }
#define SAME(member) verdict.expect(f.member == w.member, #member, shared)
    SAME(add), SAME(least), SAME(greatest), SAME(both), SAME(either), SAME(odd), SAME(up);
    SAME(down), SAME(wide), SAME(wideGreatest);
    verdict.expect(f.single == 0.5f * n, "float", shared);
    verdict.expect(f.precise == 0.25 * n, "double", shared);
    verdict.expect(f.count == n - 1, "compare and swap", shared);
    verdict.expect(__half2float(f.pair.x) == n, "lock", shared);
  }
  return verdict.finish();
}
