// Each warp looks its values up in a list of 32 in shared memory, all 32 lanes at one place of the
// list at a time, and packs those it did not find. Structure and launch are the measured program's
// (see README.md); the code is our own.
//   search BLOCKS...
#include "check.h"

constexpr int lists = 4, threads = 512;

__global__ __launch_bounds__(threads) void search(const int *__restrict__ known,
                                                  const int *__restrict__ values,
                                                  int *__restrict__ counts,
                                                  int *__restrict__ sums) {
  __shared__ int table[threads], packed[threads];
  int lane = threadIdx.x & 31, own = threadIdx.x & ~31;
  size_t group = (size_t)blockIdx.x * (threads / 32) + threadIdx.x / 32;
  table[threadIdx.x] = known[group * 32 + lane];
  __syncwarp();
  volatile int *list = table + own;
#pragma unroll
  for (int i = 0; i < lists; i++) {
    int value = values[(group * lists + i) * 32 + lane];
    bool found = false;
#pragma unroll
    for (int j = 0; j < 32; j++) found |= value == list[j];
    unsigned missing = __ballot_sync(~0u, !found);
    int count = __popc(missing), rank = __popc(missing & ((1u << lane) - 1));
    if (!found) packed[own + rank] = value;
    __syncwarp();
    int sum = lane < count ? packed[own + lane] : 0;
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1) sum += __shfl_down_sync(~0u, sum, offset);
    if (lane == 0) {
      counts[group * lists + i] = count;
      sums[group * lists + i] = sum;
    }
    __syncwarp();
  }
}

int main(int argc, char **argv) {
  int most = 0;
  for (int i = 1; i < argc; i++) most = std::max(most, argument(argc, argv, i, 0));
  size_t groups = (size_t)most * (threads / 32);
  std::vector<int> known(groups * 32), values(groups * lists * 32);
  for (size_t i = 0; i < known.size(); i++) known[i] = i * 17 % 32 * 2;
  // Every second value is in the list.
  for (size_t i = 0; i < values.size(); i++)
    values[i] = i % 2 ? (int)(1000 + i % 128) : (int)(i * 7 % 32 * 2);
  Device<int> dk(known), dv(values), counts(groups * lists), sums(groups * lists);
  Verdict verdict("search");
  for (int i = 1; i < argc; i++) {
    int blocks = argument(argc, argv, i, 0);
    search<<<blocks, threads>>>(dk, dv, counts, sums);
    std::vector<int> foundCounts = counts.get(), foundSums = sums.get();
    for (size_t j = 0; j < (size_t)blocks * (threads / 32) * lists; j++) {
      int sum = 0;
      for (int lane = 1; lane < 32; lane += 2) sum += values[j * 32 + lane];
      verdict.expect(foundCounts[j] == 16 && foundSums[j] == sum, "list", j);
    }
  }
  return verdict.finish();
}
