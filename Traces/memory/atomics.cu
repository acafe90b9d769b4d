// Atomic additions, between clock reads.
//   atomics bandwidth [STEPS]    128 blocks x 1024 threads, neighbouring addresses, moving on
//   atomics shared               one block: all lanes one cell; one cell a lane; one bank, 32 cells
//   atomics global               128 blocks: one cell for all; one a thread; one a block
#include "timed.h"

// The distances between the cells of neighbouring threads and blocks come from the host, so that
// the compiler cannot see which are 0 and add up within a warp first.
template <bool returned>
__global__ void addGlobal(int *cells, int threadStep, int blockStep, int loopStep, int steps,
                          uint64_t *start, uint64_t *end, int *sink) {
  int thread = blockIdx.x * blockDim.x + threadIdx.x;
  int *mine = cells + threadIdx.x * threadStep + blockIdx.x * blockStep;
  int sum = 0;
  meet();
  uint64_t began = readClock();
  for (int step = 0; step < steps; step++) {
    int before = atomicAdd(mine + step * loopStep, 10);
    if (returned) sum += before;
  }
  meet();
  uint64_t ended = readClock();
  start[thread] = began;
  end[thread] = ended;
  sink[thread] = sum;
}

__global__ void addShared(int laneStep, int steps, uint64_t *start, uint64_t *end, int *sink) {
  __shared__ int cells[1024];
  for (int i = threadIdx.x; i < 1024; i += blockDim.x) cells[i] = 0;
  int *mine = cells + threadIdx.x % 32 * laneStep;
  int sum = 0;
  meet();
  uint64_t began = readClock();
  for (int step = 0; step < steps; step++) sum += atomicAdd(mine, 1);
  meet();
  uint64_t ended = readClock();
  start[threadIdx.x] = began;
  end[threadIdx.x] = ended;
  sink[threadIdx.x] = sum;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "shared";
  auto is = [&](const char *name) { return !std::strcmp(what, name); };
  Verdict verdict(what);
  if (is("bandwidth")) {
    int blocks = 128, threads = 1024, steps = argument(argc, argv, 2, 64);
    Device<int> cells(std::vector<int>(blocks * threads + steps * 32, 0)), sink(blocks * threads);
    Stamps stamps(blocks * threads);
    addGlobal<true><<<blocks, threads>>>(cells, 1, threads, 32, steps, stamps.start, stamps.end,
                                         sink);
    verdict.expect(cells.get()[blocks * threads - 1] == 10 * steps, "sum");
    stamps.report("bandwidth");
  } else if (is("shared")) {
    constexpr int block = 256, steps = 64;
    Stamps stamps(block);
    Device<int> sink(block);
    for (int laneStep : {0, 1, 32}) {
      addShared<<<1, block>>>(laneStep, steps, stamps.start, stamps.end, sink);
      long sum = 0;
      for (int part : sink.get()) sum += part;
      long cells = laneStep ? 32 : 1, each = block * steps / cells;
      verdict.expect(sum == cells * each * (each - 1) / 2, "sum", laneStep);
      stamps.report("shared");
    }
  } else if (is("global")) {
    constexpr int blocks = 128, block = 256, steps = 16;
    Stamps stamps(blocks * block);
    Device<int> sink(blocks * block), cells(blocks * block);
    auto run = [&](auto kernel, int threadStep, int blockStep) {
      cells.clear();
      kernel<<<blocks, block>>>(cells, threadStep, blockStep, 0, steps, stamps.start, stamps.end,
                                sink);
      long sum = 0;
      for (int cell : cells.get()) sum += cell;
      verdict.expect(sum == 10L * blocks * block * steps, "sum");
      stamps.report("global");
    };
    for (auto [threadStep, blockStep] : {std::pair(0, 0), std::pair(1, block), std::pair(0, block)}) {
      run(addGlobal<false>, threadStep, blockStep);
      run(addGlobal<true>, threadStep, blockStep);
    }
  } else {
    std::printf("atomics: there is no '%s'\n", what);
    return 2;
  }
  return verdict.finish();
}
