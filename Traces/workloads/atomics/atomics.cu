// Atomic operations of all kinds and types on global and on shared memory, with and without use of
// what they return. The final contents do not depend on the order; what each thread got back is
// checked where the set of all answers is known.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "check.h"

using Wide = unsigned long long;

struct Cells {
  int added, subtracted, least, greatest, both, either, odd, largestByHand;
  unsigned unsignedLeast, unsignedGreatest, up, down, tickets, lock, guarded;
  Wide wideAdded, wideUnsignedGreatest, wideBoth, wideEither, wideOdd, wideByHand;
  long long wideLeast, wideGreatest;
  float single, singleByHand;
  double precise;
  __half2 pair;
  unsigned short small;
};

__host__ __device__ Cells initial() {
  Cells cells = {};
  cells.both = cells.unsignedLeast = ~0u;
  cells.wideBoth = ~0ull;
  cells.pair = __half2{__half(0), __half(0)};
  return cells;
}

__device__ void operate(Cells *c, int i) {
  atomicAdd(&c->added, i);
  atomicSub(&c->subtracted, 3 * i);
  atomicMin(&c->least, 50 - i);
  atomicMax(&c->greatest, i * 3);
  atomicMin(&c->unsignedLeast, 0x80000000u + i);
  atomicMax(&c->unsignedGreatest, 0x80000000u + i);
  atomicAnd(&c->both, ~(1 << i % 8));
  atomicOr(&c->either, 1 << i % 20);
  atomicXor(&c->odd, i * 5);
  atomicInc(&c->up, 6);
  atomicDec(&c->down, 9);
  atomicAdd(&c->wideAdded, (Wide)i << 20);
  atomicMin(&c->wideLeast, -((long long)i << 33));
  atomicMax(&c->wideGreatest, (long long)i << 33);
  atomicMax(&c->wideUnsignedGreatest, ~0ull - i);
  atomicAnd(&c->wideBoth, ~(1ull << i % 60));
  atomicOr(&c->wideEither, 1ull << i % 50);
  atomicXor(&c->wideOdd, (Wide)i << 30);
  atomicAdd(&c->single, 0.5f * i);
  atomicAdd(&c->precise, 0.25 * i);
  atomicAdd(&c->pair, __floats2half2_rn(1, i % 2));
  // Maxima and sums by compare and swap, which may have to try again.
  for (int seen = c->largestByHand; seen < i;) {
    int before = atomicCAS(&c->largestByHand, seen, i);
    if (before == seen) break;
    seen = before;
  }
  for (Wide seen = c->wideByHand;;) {
    Wide before = atomicCAS(&c->wideByHand, seen, seen + ((Wide)i << 40));
    if (before == seen) break;
    seen = before;
  }
  for (int seen = __float_as_int(c->singleByHand);;) {
    int sum = __float_as_int(__int_as_float(seen) + 2.0f);
    int before = atomicCAS((int *)&c->singleByHand, seen, sum);
    if (before == seen) break;
    seen = before;
  }
  for (unsigned short seen = c->small;;) {
    unsigned short before = atomicCAS(&c->small, seen, (unsigned short)(seen + 2));
    if (before == seen) break;
    seen = before;
  }
  // A lock that lanes of one warp contend for.
  for (bool isDone = false; !isDone;)
    if (atomicExch(&c->lock, 1) == 0) {
      volatile unsigned *guarded = &c->guarded;
      *guarded = *guarded + 3;
      __threadfence();
      atomicExch(&c->lock, 0);
      isDone = true;
    }
}

// Answers: tickets are all different; swapped values form a chain that loses none.
__global__ void onGlobal(Cells *c, unsigned *tickets, unsigned *swaps, unsigned *slot) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  operate(c, i);
  tickets[i] = atomicAdd(&c->tickets, 1);
  swaps[i] = atomicExch(slot, i + 1);
}

__global__ void onShared(Cells *c, unsigned *tickets, unsigned *swaps, unsigned *slot) {
  __shared__ Cells own;
  __shared__ unsigned ownSlot;
  if (threadIdx.x == 0) {
    own = *c;
    ownSlot = 0;
  }
  __syncthreads();
  operate(&own, threadIdx.x);
  tickets[threadIdx.x] = atomicAdd(&own.tickets, 1);
  swaps[threadIdx.x] = atomicExch(&ownSlot, threadIdx.x + 1);
  __syncthreads();
  if (threadIdx.x == 0) {
    *c = own;
    *slot = ownSlot;
  }
}

// Scopes, and the types that came with sm_80 and sm_90.
__global__ void newer(int *ints, __nv_bfloat162 *brains, float4 *vectors) {
  atomicAdd_block(&ints[blockIdx.x], 1);
  atomicAdd_system(&ints[4], 2);
  atomicMax_system(&ints[5], (int)threadIdx.x);
#if __CUDA_ARCH__ >= 800
  atomicAdd(brains, __floats2bfloat162_rn(1, 2));
#endif
#if __CUDA_ARCH__ >= 900
  atomicAdd(vectors, make_float4(1, 2, 3, threadIdx.x));
#endif
}

int main(int argc, char **argv) {
  // Halves count in ones up to 2048.
  int many = std::min(ceilDivide(argument(argc, argv, 1, 512), 128) * 128, 1024);
  Verdict verdict("atomics");
  for (bool isShared : {false, true}) {
    int n = isShared ? 256 : many;
    Device<Cells> cells(std::vector<Cells>{initial()});
    Device<unsigned> tickets(n), swaps(n), slot(1);
    slot.clear();
    if (isShared)
      onShared<<<1, n>>>(cells, tickets, swaps, slot);
    else
      onGlobal<<<n / 128, 128>>>(cells, tickets, swaps, slot);
    Cells found = cells.get()[0], wanted = initial();
    for (int i = 0; i < n; i++) {
      wanted.added += i;
      wanted.subtracted -= 3 * i;
      wanted.least = std::min(wanted.least, 50 - i);
      wanted.greatest = std::max(wanted.greatest, i * 3);
      wanted.unsignedLeast = std::min(wanted.unsignedLeast, 0x80000000u + i);
      wanted.unsignedGreatest = std::max(wanted.unsignedGreatest, 0x80000000u + i);
      wanted.both &= ~(1 << i % 8);
      wanted.either |= 1 << i % 20;
      wanted.odd ^= i * 5;
      wanted.up = wanted.up >= 6 ? 0 : wanted.up + 1;
      wanted.down = wanted.down == 0 || wanted.down > 9 ? 9 : wanted.down - 1;
      wanted.wideAdded += (Wide)i << 20;
      wanted.wideLeast = std::min(wanted.wideLeast, -((long long)i << 33));
      wanted.wideGreatest = std::max(wanted.wideGreatest, (long long)i << 33);
      wanted.wideUnsignedGreatest = std::max(wanted.wideUnsignedGreatest, ~0ull - i);
      wanted.wideBoth &= ~(1ull << i % 60);
      wanted.wideEither |= 1ull << i % 50;
      wanted.wideOdd ^= (Wide)i << 30;
      wanted.single += 0.5f * i;
      wanted.precise += 0.25 * i;
      wanted.largestByHand = i;
      wanted.wideByHand += (Wide)i << 40;
      wanted.singleByHand += 2;
      wanted.small += 2;
      wanted.guarded += 3;
      wanted.tickets++;
    }
#define SAME(member) verdict.expect(found.member == wanted.member, #member, isShared)
    SAME(added);
    SAME(subtracted);
    SAME(least);
    SAME(greatest);
    SAME(unsignedLeast);
    SAME(unsignedGreatest);
    SAME(both);
    SAME(either);
    SAME(odd);
    SAME(up);
    SAME(down);
    SAME(wideAdded);
    SAME(wideLeast);
    SAME(wideGreatest);
    SAME(wideUnsignedGreatest);
    SAME(wideBoth);
    SAME(wideEither);
    SAME(wideOdd);
    SAME(single);
    SAME(precise);
    SAME(largestByHand);
    SAME(wideByHand);
    SAME(singleByHand);
    SAME(small);
    SAME(guarded);
    SAME(lock);
    SAME(tickets);
    verdict.expect(__half2float(__low2half(found.pair)) == n, "lower half", isShared);
    verdict.expect(__half2float(__high2half(found.pair)) == n / 2, "upper half", isShared);

    auto numbers = tickets.get(), answers = swaps.get();
    std::sort(numbers.begin(), numbers.end());
    answers.push_back(slot.get()[0]);
    std::sort(answers.begin(), answers.end());
    for (int i = 0; i < n; i++) verdict.expect(numbers[i] == i, "ticket", i);
    for (int i = 0; i <= n; i++) verdict.expect(answers[i] == i, "swap", i);
  }

  int major;
  CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0));
  Device<int> ints(6);
  Device<__nv_bfloat162> brains(1);
  Device<float4> vectors(1);
  ints.clear();
  brains.clear();
  vectors.clear();
  newer<<<4, 32>>>(ints, brains, vectors);
  verdict.equal(ints.get(), {32, 32, 32, 32, 256, 31}, "scope");
  if (major >= 8) {
    __nv_bfloat162 pair = brains.get()[0];
    verdict.expect(__low2float(pair) == 128 && __high2float(pair) == 256, "bfloat16");
  }
  if (major >= 9) {
    float4 v = vectors.get()[0];
    verdict.expect(v.x == 128 && v.y == 256 && v.z == 384 && v.w == 4 * 496, "vector");
  }
  return verdict.finish();
}
