// Memory that host and device share: managed allocations and variables, pinned host memory mapped
// into the device's addresses, and registered host memory.
#include "check.h"

__managed__ int counters[4] = {1, 2, 3, 4};

struct Node {
  int value;
  Node *next;
};

// Adds to every node's value its distance from the head.
__global__ void walk(Node *head) {
  int distance = 0;
  for (Node *node = head; node; node = node->next) node->value += distance++;
  counters[3] = distance;
}

__global__ void addTo(int *data, int value, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  data[i] += value;
  atomicAdd(&counters[i % 3], 1);
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 3000) / 3 * 3;
  Verdict verdict("managed");

  // Host and device take turns on the same memory.
  int *shared;
  CHECK(cudaMallocManaged(&shared, n * sizeof(int)));
  for (int i = 0; i < n; i++) shared[i] = i;
  for (int round = 0; round < 3; round++) {
    addTo<<<ceilDivide(n, 128), 128>>>(shared, 100, n);
    CHECK(cudaGetLastError());
    CHECK(cudaDeviceSynchronize());
    for (int i = 0; i < n; i++) verdict.expect(shared[i]++ == i + 101 * round + 100, "managed", i);
  }
  for (int i = 0; i < 3; i++) verdict.expect(counters[i] == i + 1 + n, "managed variable", i);
  CHECK(cudaFree(shared));

  // Pointers made on the host are followed on the device.
  Node *nodes;
  CHECK(cudaMallocManaged(&nodes, 50 * sizeof(Node)));
  for (int i = 0; i < 50; i++) nodes[i] = {10 * i, i < 49 ? &nodes[i + 1] : nullptr};
  walk<<<1, 1>>>(nodes);
  CHECK(cudaGetLastError());
  CHECK(cudaDeviceSynchronize());
  for (int i = 0; i < 50; i++) verdict.expect(nodes[i].value == 11 * i, "list", i);
  verdict.expect(counters[3] == 50, "length");
  CHECK(cudaFree(nodes));

  int *pinned, *mapped;
  CHECK(cudaHostAlloc(&pinned, n * sizeof(int), cudaHostAllocMapped));
  CHECK(cudaHostGetDevicePointer(&mapped, pinned, 0));
  for (int i = 0; i < n; i++) pinned[i] = -i;
  addTo<<<ceilDivide(n, 128), 128>>>(mapped, 7, n);
  CHECK(cudaGetLastError());
  CHECK(cudaDeviceSynchronize());
  for (int i = 0; i < n; i++) verdict.expect(pinned[i] == 7 - i, "mapped", i);
  cudaPointerAttributes attributes;
  CHECK(cudaPointerGetAttributes(&attributes, pinned));
  verdict.expect(attributes.type == cudaMemoryTypeHost, "pointer's type");
  CHECK(cudaFreeHost(pinned));

  std::vector<int> host(n, 5);
  CHECK(cudaHostRegister(host.data(), n * sizeof(int), cudaHostRegisterMapped));
  CHECK(cudaHostGetDevicePointer(&mapped, host.data(), 0));
  addTo<<<ceilDivide(n, 128), 128>>>(mapped, 4, n);
  CHECK(cudaGetLastError());
  CHECK(cudaDeviceSynchronize());
  CHECK(cudaHostUnregister(host.data()));
  for (int i = 0; i < n; i++) verdict.expect(host[i] == 9, "registered", i);
  return verdict.finish();
}
