// Cycles as clock reads show them: chains of dependent loads from global, constant and shared
// memory, chains and parallel streams of arithmetic, barriers, and launches. The results are
// checked; the cycles are printed, and mean something on hardware and in a timing model only.
#include "check.h"

// Some front ends unroll loops a hundredfold, and the loop would measure instruction fetch.
#define KEEP_LOOP _Pragma("unroll 1")

using Wide = unsigned long long;

struct Measured {
  long long cycles;
  Wide end;
};

// Each cell holds the address of the next.
__global__ void chaseGlobal(Wide **first, Measured *out, int steps) {
  Wide **at = first;
  long long start = clock64();
  KEEP_LOOP
  for (int i = 0; i < steps; i += 4) {
    at = (Wide **)*at;
    at = (Wide **)*at;
    at = (Wide **)*at;
    at = (Wide **)*at;
  }
  out->cycles = clock64() - start;
  out->end = (Wide)at;
}

__global__ void chaseShared(Measured *out, int steps, int stride) {
  __shared__ int next[1024];
  for (int i = threadIdx.x; i < 1024; i += blockDim.x) next[i] = (i + stride) % 1024;
  __syncthreads();
  int at = 0;
  long long start = clock64();
  KEEP_LOOP
  for (int i = 0; i < steps; i += 4) {
    at = next[at];
    at = next[at];
    at = next[at];
    at = next[at];
  }
  out->cycles = clock64() - start;
  out->end = at;
}

__constant__ int constants[1024];

__global__ void chaseConstant(Measured *out, int steps) {
  int at = 0;
  long long start = clock64();
  KEEP_LOOP
  for (int i = 0; i < steps; i += 4) {
    at = constants[at];
    at = constants[at];
    at = constants[at];
    at = constants[at];
  }
  out->cycles = clock64() - start;
  out->end = at;
}

// As many chains at once as there are values; one shows the latency, many the throughput.
template <typename T, int chains>
__global__ void multiplyAdd(Measured *out, T *values, T factor, int steps) {
  T sums[chains];
#pragma unroll
  for (int j = 0; j < chains; j++) sums[j] = T(j);
  __syncthreads();
  long long start = clock64();
  KEEP_LOOP
  for (int i = 0; i < steps; i += 4)
#pragma unroll
    for (int k = 0; k < 4; k++)
#pragma unroll
      for (int j = 0; j < chains; j++) sums[j] = sums[j] * factor + factor;
  long long end = clock64();
  T total = 0;
#pragma unroll
  for (int j = 0; j < chains; j++) total += sums[j];
  values[threadIdx.x] = total;
  if (threadIdx.x == 0) out->cycles = end - start;
}

__global__ void barriers(Measured *out, int steps) {
  long long start = clock64();
  KEEP_LOOP
  for (int i = 0; i < steps; i++) __syncthreads();
  if (threadIdx.x == 0) out->cycles = clock64() - start;
}

__global__ void nothing() {}

void report(const char *what, const Measured &measured, int steps) {
  std::printf("microbench: %-28s %8.2f cycles each\n", what, (double)measured.cycles / steps);
}

template <typename T, int chains>
void arithmetic(Verdict &verdict, const char *what, int threads, int steps) {
  Device<Measured> out(1);
  Device<T> values(threads);
  multiplyAdd<T, chains><<<1, threads>>>(out, values.data, T(3) / T(4), steps);
  auto found = values.get();
  T wanted = 0, factor = T(3) / T(4);
  for (int j = 0; j < chains; j++) {
    T sum = T(j);
    for (int i = 0; i < steps; i++) sum = std::fma(sum, factor, factor);
    wanted += sum;
  }
  for (int i = 0; i < threads; i++) verdict.expect(isNear(found[i], wanted, 1e-5), what, i);
  report(what, out.get()[0], steps * chains);
}

int main(int argc, char **argv) {
  int steps = ceilDivide(argument(argc, argv, 1, 512), 4) * 4;
  int kibibytes = argument(argc, argv, 2, 64);
  Verdict verdict("microbench");
  Device<Measured> out(1);

  // One cell in every 128-byte line, visited with a stride that is no multiple of the count.
  int lines = kibibytes * 8;
  Device<Wide *> cells(lines * 16);
  std::vector<Wide *> links(lines * 16);
  auto cell = [&](long line) { return (Wide *)(cells.data + line % lines * 16); };
  for (int i = 0; i < lines; i++) links[i * 16] = cell(i + 7);
  cells.set(links);
  for (const char *what : {"global load, cold", "global load, warm"}) {
    chaseGlobal<<<1, 1>>>(cells, out, steps);
    Measured measured = out.get()[0];
    verdict.expect(measured.end == (Wide)cell(7L * steps), what);
    report(what, measured, steps);
  }
  for (int stride : {1, 17}) {
    chaseShared<<<1, 32>>>(out, steps, stride);
    Measured measured = out.get()[0];
    verdict.expect(measured.end == (Wide)stride * steps % 1024, "shared load");
    report("shared load", measured, steps);
  }
  std::vector<int> next(1024);
  for (int i = 0; i < 1024; i++) next[i] = (i + 5) % 1024;
  CHECK(cudaMemcpyToSymbol(constants, next.data(), sizeof constants));
  chaseConstant<<<1, 1>>>(out, steps);
  Measured constant = out.get()[0];
  verdict.expect(constant.end == (Wide)5 * steps % 1024, "constant load");
  report("constant load", constant, steps);

  arithmetic<float, 1>(verdict, "FFMA, one chain", 32, steps);
  arithmetic<float, 8>(verdict, "FFMA, eight chains", 32, steps);
  arithmetic<float, 8>(verdict, "FFMA, 16 warps", 512, steps);
  arithmetic<double, 1>(verdict, "DFMA, one chain", 32, steps);

  barriers<<<1, 256>>>(out, steps);
  report("barrier of 8 warps", out.get()[0], steps);

  cudaEvent_t begin, end;
  CHECK(cudaEventCreate(&begin));
  CHECK(cudaEventCreate(&end));
  CHECK(cudaEventRecord(begin));
  for (int i = 0; i < 10; i++) nothing<<<1, 32>>>();
  CHECK(cudaEventRecord(end));
  CHECK(cudaEventSynchronize(end));
  float milliseconds = 0;
  CHECK(cudaEventElapsedTime(&milliseconds, begin, end));
  std::printf("microbench: %-28s %8.2f microseconds each\n", "launch", milliseconds * 100);
  CHECK(cudaEventDestroy(begin));
  CHECK(cudaEventDestroy(end));
  return verdict.finish();
}
