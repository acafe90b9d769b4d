// Barriers in shared memory (mbarrier): arrivals with and without counts, phases by state and by
// parity, threads that drop out, asynchronous copies that arrive, and on sm_90 expected bytes.
// Needs sm_80.
#include "check.h"

struct Barrier {
  unsigned address;
  __device__ explicit Barrier(unsigned long long *memory)
      : address((unsigned)__cvta_generic_to_shared(memory)) {}
  __device__ void init(int count) {
    asm volatile("mbarrier.init.shared.b64 [%0], %1;" ::"r"(address), "r"(count) : "memory");
  }
  __device__ unsigned long long arrive() {
    unsigned long long state;
    asm volatile("mbarrier.arrive.shared.b64 %0, [%1];" : "=l"(state) : "r"(address) : "memory");
    return state;
  }
  __device__ void drop() {
    asm volatile("{.reg .b64 s; mbarrier.arrive_drop.shared.b64 s, [%0];}" ::"r"(address) : "memory");
  }
  __device__ bool test(unsigned long long state) {
    int done;
    asm volatile("{.reg .pred p; mbarrier.test_wait.shared.b64 p, [%1], %2; selp.u32 %0, 1, 0, p;}"
                 : "=r"(done) : "r"(address), "l"(state) : "memory");
    return done;
  }
  __device__ void wait(unsigned long long state) { while (!test(state)) {} }
  __device__ void arriveAfterCopies() {
    asm volatile("cp.async.mbarrier.arrive.noinc.shared.b64 [%0];" ::"r"(address) : "memory");
  }
  __device__ void joinCopies() {
    asm volatile("cp.async.mbarrier.arrive.shared.b64 [%0];" ::"r"(address) : "memory");
  }
  __device__ static int pending(unsigned long long state) {
    int count;
    asm volatile("mbarrier.pending_count.b64 %0, %1;" : "=r"(count) : "l"(state));
    return count;
  }
};

// Warps hand a value on, each in a phase of its own: everyone arrives, then reads the neighbour's.
__global__ void phases(int *out, int steps) {
  __shared__ unsigned long long memory;
  __shared__ int cells[2][256];
  Barrier barrier(&memory);
  if (threadIdx.x == 0) barrier.init(blockDim.x);
  cells[0][threadIdx.x] = threadIdx.x;
  __syncthreads();
  for (int step = 0; step < steps; step++) {
    barrier.wait(barrier.arrive());
    int next = cells[step & 1][(threadIdx.x + 33) % blockDim.x];
    cells[(step + 1) & 1][threadIdx.x] = next + 1;
  }
  barrier.wait(barrier.arrive());
  out[threadIdx.x] = cells[steps & 1][threadIdx.x];
}

// Before each phase, eight more threads leave; pending counts tell how many are left.
__global__ void leaving(int *out) {
  __shared__ unsigned long long memory;
  Barrier barrier(&memory);
  if (threadIdx.x == 0) barrier.init(blockDim.x);
  __syncthreads();
  int phase = 0, most = 0;
  for (; phase < (int)threadIdx.x / 8; phase++) {
    unsigned long long state = barrier.arrive();
    most = max(most, Barrier::pending(state));
    barrier.wait(state);
  }
  barrier.drop();
  out[threadIdx.x] = phase;
}

// Copies that arrive for themselves: once as one of the expected, once in addition.
__global__ void copies(const int4 *in, int4 *out) {
  __shared__ unsigned long long memory[2];
  __shared__ int4 tile[2][64];
  Barrier expected(&memory[0]), additional(&memory[1]);
  if (threadIdx.x == 0) {
    expected.init(blockDim.x);
    additional.init(blockDim.x);
  }
  __syncthreads();
  for (int half = 0; half < 2; half++) {
    unsigned target = (unsigned)__cvta_generic_to_shared(&tile[half][threadIdx.x]);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(target),
                 "l"(in + half * blockDim.x + threadIdx.x) : "memory");
    if (half == 0) expected.arriveAfterCopies();
    else additional.joinCopies();
  }
  unsigned long long state = additional.arrive();
  additional.wait(state);
  // The first barrier is in its second phase: its first state had the parity 0.
  while (!expected.test(0)) {}
  for (int half = 0; half < 2; half++)
    out[half * blockDim.x + threadIdx.x] = tile[half][(threadIdx.x + 7) % blockDim.x];
}

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
// By parity, with counts.
__global__ void parity(int *out, int steps) {
  __shared__ unsigned long long memory;
  __shared__ int sum;
  Barrier barrier(&memory);
  if (threadIdx.x == 0) {
    barrier.init(2 * blockDim.x);
    sum = 0;
  }
  __syncthreads();
  for (int step = 0; step < steps; step++) {
    atomicAdd(&sum, 1);
    asm volatile("{.reg .b64 s; mbarrier.arrive.shared.b64 s, [%0], %1;}" ::"r"(barrier.address),
                 "r"(2) : "memory");
    int done = 0;
    while (!done)
      asm volatile("{.reg .pred p; mbarrier.try_wait.parity.shared.b64 p, [%1], %2;"
                   " selp.u32 %0, 1, 0, p;}"
                   : "=r"(done) : "r"(barrier.address), "r"(step & 1) : "memory");
    if (atomicAdd(&sum, 0) < (step + 1) * (int)blockDim.x) out[threadIdx.x] = -1;
  }
  atomicAdd(&out[threadIdx.x], steps);
}
#else
__global__ void parity(int *out, int steps) {}
#endif

int main(int argc, char **argv) {
  int steps = argument(argc, argv, 1, 10);
  Generator random;
  Verdict verdict("mbarriers");

  Device<int> out(256);
  phases<<<1, 256>>>(out, steps);
  std::vector<int> wanted(256);
  for (int t = 0; t < 256; t++) wanted[t] = (t + 33 * steps) % 256 + steps;
  verdict.equal(out.get(), wanted, "phases");

  leaving<<<1, 256>>>(out);
  for (int t = 0; t < 256; t++) wanted[t] = t / 8;
  verdict.equal(out.get(), wanted, "leaving");

  std::vector<int4> values(128);
  for (int4 &value : values)
    value = make_int4(random.word(), random.word(), random.word(), random.word());
  Device<int4> in(values), copied(128);
  copies<<<1, 64>>>(in, copied);
  auto found = copied.get();
  for (int i = 0; i < 128; i++) {
    int4 a = found[i], b = values[i / 64 * 64 + (i % 64 + 7) % 64];
    verdict.expect(a.x == b.x && a.y == b.y && a.z == b.z && a.w == b.w, "copies", i);
  }

  cudaDeviceProp properties;
  CHECK(cudaGetDeviceProperties(&properties, 0));
  if (properties.major >= 9) {
    out.clear();
    parity<<<1, 256>>>(out, steps);
    verdict.equal(out.get(), std::vector<int>(256, steps), "parity");
  }
  return verdict.finish();
}
