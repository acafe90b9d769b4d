// printf and assert on the device. What was printed is caught in a file and compared; the order of
// different threads' lines is not defined. With the argument "assert", an assertion fails instead,
// and the error must arrive.
#include <assert.h>
#include <unistd.h>

#include <string>

#include "check.h"

__global__ void print(int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n || i % 8 != 3) return;
  assert(i >= 3);
  printf("thread %d of block %u: %s\n", (int)threadIdx.x, blockIdx.x, i % 16 == 3 ? "odd" : "even");
  printf("%5d|%-5d|%05d|%+d|%x|%#X|%o|%c|%%\n", i, i, i, i, i * 1000, i * 77, i, 'a' + i % 26);
  printf("%lld %llu %hd\n", -(long long)i << 40, (unsigned long long)i << 50, (short)i);
  int count = printf("%8.3f|%-10.2e|%g|%f\n", i * 0.1, i * 1e10, i / 4.0, (double)(1.5f * i));
  if (count != 4) printf("printf says %d\n", count);
  if (i == 3) printf("no arguments\n");
}

__global__ void fail(int limit) { assert(threadIdx.x < limit && "too far"); }

int main(int argc, char **argv) {
  Verdict verdict("deviceprintf");
  if (argc > 1 && !std::strcmp(argv[1], "assert")) {
    fail<<<1, 32>>>(32);
    CHECK(cudaDeviceSynchronize());
    fail<<<1, 32>>>(5);
    // The device is of no use afterwards, so the verdict cannot ask it.
    bool holds = cudaDeviceSynchronize() == cudaErrorAssert;
    std::printf("deviceprintf: %s (assertion)\n", holds ? "PASSED" : "FAILED");
    return holds ? 0 : 1;
  }

  int n = argument(argc, argv, 1, 100);
  std::vector<std::string> wanted;
  auto expect = [&](const char *format, auto... values) {
    char line[200];
    std::snprintf(line, sizeof line, format, values...);
    wanted.push_back(line);
  };
  for (int i = 3; i < n; i += 8) {
    expect("thread %d of block %u: %s\n", i % 64, i / 64, i % 16 == 3 ? "odd" : "even");
    expect("%5d|%-5d|%05d|%+d|%x|%#X|%o|%c|%%\n", i, i, i, i, i * 1000, i * 77, i, 'a' + i % 26);
    expect("%lld %llu %hd\n", -(long long)i << 40, (unsigned long long)i << 50, (short)i);
    expect("%8.3f|%-10.2e|%g|%f\n", i * 0.1, i * 1e10, i / 4.0, (double)(1.5f * i));
    if (i == 3) wanted.push_back("no arguments\n");
  }

  std::fflush(stdout);
  int original = dup(STDOUT_FILENO);
  FILE *file = std::tmpfile();
  if (original < 0 || !file || dup2(fileno(file), STDOUT_FILENO) < 0) {
    std::perror("deviceprintf: FAILED");
    return 1;
  }
  print<<<ceilDivide(n, 64), 64>>>(n);
  cudaError_t status = cudaDeviceSynchronize();
  std::fflush(stdout);
  dup2(original, STDOUT_FILENO);
  CHECK(status);

  std::vector<std::string> found;
  char line[200];
  std::rewind(file);
  while (std::fgets(line, sizeof line, file)) {
    std::fputs(line, stdout);
    found.push_back(line);
  }
  std::sort(found.begin(), found.end());
  std::sort(wanted.begin(), wanted.end());
  verdict.equal(found, wanted, "line");
  return verdict.finish();
}
