// Dependent loads: latency against footprint. A list of 64-bit pointers lies in nodes of equal
// size, in an order that jumps over the whole footprint; every thread of one warp follows it from
// the same first node. Some steps warm the caches, then the steps between two clock reads count.
//   chase NODES NODE-BYTES WORDS THREADS WARM-STEPS TIMED-STEPS [PASSES]
// WORDS: how many 8-byte words of a node are used. A pass follows one word of each node, and its
// end leads to the next word of the first node; the last word's end leads back to the beginning.
// PASSES: how often a warp goes through the list first, 32 nodes in a row at a time. That fills L2
// in the list's order as the chain does, with a fraction of the steps; WORDS must be 1.
#include <numeric>

#include "timed.h"

constexpr int unroll = 32;

__device__ __forceinline__ uint64_t *follow(uint64_t *at, long long steps) {
#pragma unroll 1
  for (long long step = 0; step < steps; step += unroll) {
#pragma unroll
    for (int i = 0; i < unroll; i++) at = (uint64_t *)*at;
  }
  return at;
}

__global__ void chase(uint64_t *first, long long warm, long long timed, uint64_t *out) {
  uint64_t *at = follow(first, warm);
  uint64_t start = readClock();
  at = follow(at, timed);
  uint64_t end = readClock();
  out[2 * threadIdx.x] = (uint64_t)at;
  out[2 * threadIdx.x + 1] = end - start;
}

// The second word of a node leads to the node 32 places further on.
__global__ void touch(uint64_t *list, const uint32_t *firstPlaces, int steps, uint64_t *out) {
  uint64_t *at = list + firstPlaces[threadIdx.x];
#pragma unroll 1
  for (int i = 0; i < steps; i++) at = (uint64_t *)at[1];
  out[threadIdx.x] = (uint64_t)at;
}

std::vector<uint32_t> shuffled(uint32_t count, Generator &random) {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  for (uint32_t i = count - 1; i > 0; i--) std::swap(order[i], order[random.word() % (i + 1)]);
  return order;
}

// Short lists are shuffled. A long one is cut into 4096 segments: each sweep visits one node of
// every segment, always in the same shuffled order of segments, and the sweeps' places inside the
// segments are shuffled too. Every step then jumps as far as in a shuffled list, and the trace of
// millions of steps stays small, because a sweep's distances are those of the sweep before.
std::vector<uint32_t> makeOrder(uint32_t count) {
  constexpr uint32_t segments = 4096;
  Generator random;
  if (count < 2 * segments) return shuffled(count, random);
  uint32_t length = (count + segments - 1) / segments;
  std::vector<uint32_t> bySegment = shuffled(segments, random);
  std::vector<uint32_t> byPlace = shuffled(length, random);
  std::vector<uint32_t> order;
  order.reserve(count);
  for (uint32_t place : byPlace)
    for (uint32_t segment : bySegment)
      if (segment * length + place < count) order.push_back(segment * length + place);
  return order;
}

int main(int argc, char **argv) {
  uint32_t count = argument(argc, argv, 1, 512);
  int node = argument(argc, argv, 2, 128);
  int words = argument(argc, argv, 3, 1);
  int threads = argument(argc, argv, 4, 1);
  long long warm = argument(argc, argv, 5, 4096);
  long long timed = argument(argc, argv, 6, 4096);
  int passes = argument(argc, argv, 7, 0);
  warm += (unroll - warm % unroll) % unroll;
  timed += (unroll - timed % unroll) % unroll;

  size_t bytes = (size_t)count * node;
  std::vector<uint32_t> order = makeOrder(count);
  Device<uint64_t> list(bytes / 8);
  Device<uint64_t> out(2 * threads);
  uint64_t base = (uint64_t)list.data;
  auto address = [&](uint32_t step, int word) {
    return base + (uint64_t)order[step] * node + 8 * word;
  };
  std::vector<uint64_t> host(bytes / 8);
  for (int word = 0; word < words; word++)
    for (uint32_t step = 0; step < count; step++) {
      bool last = step + 1 == count;
      uint64_t next = last ? address(0, (word + 1) % words) : address(step + 1, word);
      host[(address(step, word) - base) / 8] = next;
    }
  Verdict verdict("chase");
  if (passes > 0) {
    for (uint32_t step = 0; step < count; step++)
      host[(address(step, 0) - base) / 8 + 1] = address((step + 32) % count, 0);
  }
  list.set(host);
  if (passes > 0) {
    std::vector<uint32_t> places(32);
    for (uint32_t i = 0; i < 32; i++) places[i] = (address(i, 0) - base) / 8;
    Device<uint32_t> firstPlaces(places);
    Device<uint64_t> ends(32);
    long long steps = (long long)passes * count / 32;
    touch<<<1, 32>>>(list, firstPlaces, (int)steps, ends);
    verdict.expect(ends.get()[0] == address(32 * steps % count, 0), "touched");
  }
  chase<<<1, threads>>>((uint64_t *)address(0, 0), warm, timed, out);

  std::vector<uint64_t> found = out.get();
  long long place = (warm + timed) % ((long long)count * words);
  for (int thread = 0; thread < threads; thread++)
    verdict.expect(found[2 * thread] == address(place % count, place / count), "end", thread);
  std::printf("%lld steps, %.2f clocks each\n", timed, (double)found[1] / timed);
  return verdict.finish();
}
