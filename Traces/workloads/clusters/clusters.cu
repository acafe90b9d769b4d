// Thread block clusters: shared memory of the neighbours read, written and updated, the cluster's
// barrier, and what a block can ask about its place in a cluster of two dimensions.
// Needs sm_90.
#include "check.h"
#include <cooperative_groups.h>
namespace cg = cooperative_groups;

constexpr int width = 2, height = 2, threads = 64;

// A histogram over the shared memory of all blocks: block r owns the bins of its rank.
__global__ void __cluster_dims__(4, 1, 1) histogram(const int *values, int *bins, int n, int each) {
  extern __shared__ int own[];
  cg::cluster_group cluster = cg::this_cluster();
  int blocks = cluster.num_blocks(), rank = cluster.block_rank();
  for (int i = threadIdx.x; i < each; i += blockDim.x) own[i] = 0;
  cluster.sync();
  int first = blockIdx.x * blockDim.x + threadIdx.x;
  for (int i = first; i < n; i += gridDim.x * blockDim.x) {
    int bin = values[i] % (each * blocks);
    atomicAdd(cluster.map_shared_rank(own, bin / each) + bin % each, 1);
  }
  cluster.sync();
  for (int i = threadIdx.x; i < each; i += blockDim.x) atomicAdd(&bins[rank * each + i], own[i]);
}

// Values go around the ring of a cluster's blocks, each adding its own.
__global__ void __cluster_dims__(width, height, 1) ring(int *out, int steps) {
  __shared__ int cell[2][threads];
  cg::cluster_group cluster = cg::this_cluster();
  int blocks = cluster.num_blocks(), rank = cluster.block_rank();
  cell[0][threadIdx.x] = rank * 1000 + threadIdx.x;
  for (int step = 0; step < steps; step++) {
    cluster.sync();
    int *next = cluster.map_shared_rank(cell[(step + 1) & 1], (rank + 1) % blocks);
    next[threadIdx.x] = cell[step & 1][threadIdx.x] + rank;
  }
  cluster.sync();
  int block = blockIdx.y * gridDim.x + blockIdx.x;
  out[block * threads + threadIdx.x] = cell[steps & 1][threadIdx.x];
  // No block may end while others read or write its memory.
  cluster.barrier_arrive();
  cluster.barrier_wait();
}

__global__ void __cluster_dims__(width, height, 1) places(int4 *out) {
  cg::cluster_group cluster = cg::this_cluster();
  dim3 block = cluster.block_index(), size = cluster.dim_blocks();
  if (threadIdx.x) return;
  out[blockIdx.y * gridDim.x + blockIdx.x] =
      make_int4(block.x + 10 * block.y, cluster.block_rank(), size.x + 10 * size.y,
                cluster.thread_rank() + 1000 * cluster.num_threads());
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 4000), each = 32;
  Generator random;
  Verdict verdict("clusters");

  std::vector<int> values(n), counts(4 * each);
  for (int &value : values) {
    value = (int)random.below(1000);
    counts[value % (4 * each)]++;
  }
  Device<int> dValues(values), bins(4 * each);
  bins.clear();
  histogram<<<8, 128, each * sizeof(int)>>>(dValues, bins, n, each);
  verdict.equal(bins.get(), counts, "histogram");

  // The same with the size given at launch.
  cudaLaunchConfig_t launch = {};
  dim3 grid(6, 4);
  int blocks = grid.x * grid.y, steps = 5;
  launch.gridDim = grid;
  launch.blockDim = threads;
  Device<int> out(blocks * threads);
  CHECK(cudaLaunchKernelEx(&launch, ring, out.data, steps));
  std::vector<int> wanted(blocks * threads);
  for (int y = 0; y < (int)grid.y; y++)
    for (int x = 0; x < (int)grid.x; x++) {
      int rank = x % width + y % height * width, size = width * height;
      for (int t = 0; t < threads; t++) {
        int from = ((rank - steps) % size + size) % size, sum = from * 1000 + t;
        for (int step = 0; step < steps; step++) sum += (from + step) % size;
        wanted[(y * grid.x + x) * threads + t] = sum;
      }
    }
  verdict.equal(out.get(), wanted, "ring");

  Device<int4> dPlaces(blocks);
  places<<<grid, threads>>>(dPlaces.data);
  auto found = dPlaces.get();
  for (int y = 0; y < (int)grid.y; y++)
    for (int x = 0; x < (int)grid.x; x++) {
      int4 place = found[y * grid.x + x];
      int rank = x % width + y % height * width, i = y * grid.x + x;
      verdict.expect(place.x == x % width + 10 * (y % height), "index", i);
      verdict.expect(place.y == rank, "rank", i);
      verdict.expect(place.z == width + 10 * height, "size", i);
      verdict.expect(place.w == rank * threads + 1000 * threads * width * height, "threads", i);
    }
  return verdict.finish();
}
