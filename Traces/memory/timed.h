// What the memory programs share: clock reads that stay where they are written, and the report.
#pragma once
#include "check.h"

// 64 bits: some compilers read the 32-bit register through the uniform datapath, which is slower.
__device__ __forceinline__ uint64_t readClock() {
  uint64_t now;
  asm volatile("mov.u64 %0, %%clock64;" : "=l"(now)::"memory");
  return now;
}

// All of the block's threads that have not ended meet here.
__device__ __forceinline__ void meet() { asm volatile("bar.sync 0;" ::: "memory"); }

// Start and end of the timed part, for each thread of the grid.
struct Stamps {
  Device<uint64_t> start, end;
  explicit Stamps(int threads) : start(threads), end(threads) {}
  // What the first thread saw; on a GPU and in a timing model these are cycles.
  void report(const char *what) {
    std::printf("%s: %llu clocks\n", what, (unsigned long long)(end.get()[0] - start.get()[0]));
  }
};
