// Cooperative groups: a grid that waits for all its blocks between the steps of a stencil, and
// tiles, coalesced threads and labelled parts of a warp.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>

#include "check.h"

namespace cg = cooperative_groups;

__global__ void iterate(float *a, float *b, int n, int steps) {
  cg::grid_group grid = cg::this_grid();
  for (int step = 0; step < steps; step++) {
    for (int i = (int)grid.thread_rank(); i < n; i += (int)grid.size())
      b[i] = 0.25f * a[(i + n - 1) % n] + 0.5f * a[i] + 0.25f * a[(i + 1) % n];
    grid.sync();
    float *other = a;
    a = b;
    b = other;
  }
}

enum Word { tileSum, tileShuffle, prefix, coalescedCount, labelSize, words };

__global__ void groups(const int *in, int *out, int *counters, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x, value = in[i];
  auto block = cg::this_thread_block();
  auto warp = cg::tiled_partition<32>(block);
  auto tile = cg::tiled_partition<8>(block);
  out[tileSum * n + i] = cg::reduce(tile, value, cg::greater<int>());
  out[tileShuffle * n + i] = tile.shfl(value, tile.size() - 1 - tile.thread_rank());
  out[prefix * n + i] = cg::exclusive_scan(warp, value, cg::plus<int>());
  out[coalescedCount * n + i] = 0;
  if (value % 3 == 0) {
    // One of them counts for all.
    auto together = cg::coalesced_threads();
    if (together.thread_rank() == 0) atomicAdd(&counters[0], (int)together.size());
    out[coalescedCount * n + i] = 1;
  }
  auto label = cg::labeled_partition(warp, value % 4);
  out[labelSize * n + i] = (int)label.size();
  block.sync();
  if (block.thread_rank() == 0) atomicAdd(&counters[1], (int)block.size());
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 3000), steps = argument(argc, argv, 2, 6), blocks = 8;
  Generator random;
  Verdict verdict("cooperative");
  int supported, resident, processors;
  CHECK(cudaDeviceGetAttribute(&supported, cudaDevAttrCooperativeLaunch, 0));
  CHECK(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, 0));
  CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, iterate, 128, 0));
  verdict.expect(supported && resident * processors >= blocks, "room for all blocks");

  std::vector<float> ring(n);
  for (float &value : ring) value = random.unit();
  Device<float> a(ring), b(n);
  float *first = a, *second = b;
  void *arguments[] = {&first, &second, &n, &steps};
  CHECK(cudaLaunchCooperativeKernel((void *)iterate, dim3(blocks), dim3(128), arguments, 0,
                                    nullptr));
  std::vector<double> wanted(ring.begin(), ring.end()), previous;
  for (int step = 0; step < steps; step++) {
    previous = wanted;
    for (int i = 0; i < n; i++)
      wanted[i] = 0.25 * (previous[(i + n - 1) % n] + previous[(i + 1) % n]) + 0.5 * previous[i];
  }
  verdict.close((steps % 2 ? b : a).get(), wanted, "ring");
  CHECK(cudaLaunchCooperativeKernel((void *)iterate, dim3(1), dim3(128), arguments, 0, nullptr));
  CHECK(cudaDeviceSynchronize());
  verdict.expect(cudaLaunchCooperativeKernel((void *)iterate, dim3(1 << 20), dim3(128), arguments,
                                             0, nullptr) == cudaErrorCooperativeLaunchTooLarge,
                 "more blocks than fit");
  cudaGetLastError();

  int count = 1024, multiples = 0;
  std::vector<int> values(count), results(words * count);
  for (int &value : values) value = (int)random.below(100);
  for (int i = 0; i < count; i++) {
    int tile = i / 8 * 8, warp = i / 32 * 32;
    results[tileSum * count + i] = *std::max_element(&values[tile], &values[tile] + 8);
    results[tileShuffle * count + i] = values[tile + 7 - i % 8];
    for (int j = warp; j < i; j++) results[prefix * count + i] += values[j];
    results[coalescedCount * count + i] = values[i] % 3 == 0;
    multiples += values[i] % 3 == 0;
    for (int j = warp; j < warp + 32; j++)
      results[labelSize * count + i] += values[j] % 4 == values[i] % 4;
  }
  Device<int> in(values), out(words * count), counters(2);
  counters.clear();
  groups<<<count / 128, 128>>>(in, out, counters, count);
  verdict.equal(out.get(), results, "group");
  verdict.equal(counters.get(), {multiples, count}, "counter");
  return verdict.finish();
}
