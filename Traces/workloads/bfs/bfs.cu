// Level-synchronous breadth-first search; the host loops until the device finds nothing new.
#include "check.h"

__global__ void level(const int *starts, const int *edges, int *cost, int depth, bool *more,
                      int n) {
  int node = blockIdx.x * blockDim.x + threadIdx.x;
  if (node >= n || cost[node] != depth) return;
  for (int i = starts[node]; i < starts[node + 1]; i++)
    if (cost[edges[i]] < 0) {
      cost[edges[i]] = depth + 1;
      *more = true;
    }
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 4000);
  Generator random;
  std::vector<int> starts(1, 0), edges;
  for (int node = 0; node < n; node++) {
    for (int i = random.below(5); i >= 0; i--)
      edges.push_back((node + random.below(random.below(8) == 0 ? n : 40)) % n);
    starts.push_back((int)edges.size());
  }
  std::vector<int> wanted(n, -1), queue(1, 0);
  wanted[0] = 0;
  for (size_t head = 0; head < queue.size(); head++)
    for (int i = starts[queue[head]]; i < starts[queue[head] + 1]; i++)
      if (wanted[edges[i]] < 0) {
        wanted[edges[i]] = wanted[queue[head]] + 1;
        queue.push_back(edges[i]);
      }
  std::vector<int> cost(n, -1);
  cost[0] = 0;
  Device<int> ds(starts), de(edges), dc(cost);
  Device<bool> more(1);
  int depth = 0;
  for (bool go = true; go; depth++) {
    more.clear();
    level<<<(n + 255) / 256, 256>>>(ds, de, dc, depth, more, n);
    CHECK(cudaMemcpy(&go, more.data, 1, cudaMemcpyDeviceToHost));
  }
  Verdict verdict("bfs");
  verdict.equal(dc.get(), wanted, "cost");
  return verdict.finish();
}
