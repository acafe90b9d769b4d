// Breadth-first search level by level: the host launches until the device says that a level found
// nothing new. Every thread owns a node; those of the current level walk their edges.
#include "check.h"

__global__ void level(const int *starts, const int *edges, int *cost, int depth, bool *found,
                      int n) {
  int node = blockIdx.x * blockDim.x + threadIdx.x;
  if (node >= n || cost[node] != depth) return;
  for (int i = starts[node]; i < starts[node + 1]; i++)
    if (cost[edges[i]] < 0) {
      // Others may write the same value here; that is harmless.
      cost[edges[i]] = depth + 1;
      *found = true;
    }
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 4000);
  Generator random;
  std::vector<int> starts{0}, edges;
  for (int node = 0; node < n; node++) {
    // Mostly near neighbours and a few far ones make some tens of levels.
    for (int i = (int)random.below(5); i >= 0; i--) {
      int reach = random.below(40) == 0 ? n : 200;
      edges.push_back((int)(node + random.below(reach)) % n);
    }
    starts.push_back((int)edges.size());
  }
  std::vector<int> wanted(n, -1), queue{0};
  wanted[0] = 0;
  for (size_t head = 0; head < queue.size(); head++) {
    int node = queue[head];
    for (int i = starts[node]; i < starts[node + 1]; i++)
      if (wanted[edges[i]] < 0) {
        wanted[edges[i]] = wanted[node] + 1;
        queue.push_back(edges[i]);
      }
  }
  std::vector<int> cost(n, -1);
  cost[0] = 0;
  Device<int> dStarts(starts), dEdges(edges), dCost(cost);
  Device<bool> dFound(1);
  bool found = true;
  for (int depth = 0; found; depth++) {
    dFound.clear();
    level<<<ceilDivide(n, 256), 256>>>(dStarts, dEdges, dCost, depth, dFound, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(&found, dFound.data, sizeof found, cudaMemcpyDeviceToHost));
  }
  Verdict verdict("bfs");
  verdict.equal(dCost.get(), wanted, "cost");
  return verdict.finish();
}
