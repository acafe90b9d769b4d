// What every workload needs: checked calls, repeatable input, and the verdict.
#pragma once
#include <cuda_runtime.h>
#include <errno.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

// The program's file name is the workload's.
#define CHECK(call)                                                                      \
  do {                                                                                   \
    cudaError_t status_ = (call);                                                        \
    if (status_ != cudaSuccess) {                                                        \
      std::printf("%s: FAILED (%s:%d: %s)\n", program_invocation_short_name, __FILE__,   \
                  __LINE__, cudaGetErrorString(status_));                                \
      std::exit(1);                                                                      \
    }                                                                                    \
  } while (0)

// A 32-bit linear congruential generator with the constants of Numerical Recipes. Its low bits
// repeat soon, so only the upper 24 are used.
struct Generator {
  uint32_t state = 12345;
  uint32_t bits() {
    state = state * 1664525u + 1013904223u;
    return state >> 8;
  }
  uint32_t word() { return bits() << 16 ^ bits(); }
  uint32_t below(uint32_t bound) { return bits() % bound; }
  float unit() { return bits() * (1.0f / 16777216.0f); }
  float between(float low, float high) { return low + (high - low) * unit(); }
};

// Device memory that frees itself.
template <typename T>
struct Device {
  T *data = nullptr;
  size_t count;
  explicit Device(size_t count) : count(count) { CHECK(cudaMalloc(&data, count * sizeof(T))); }
  explicit Device(const std::vector<T> &host) : Device(host.size()) { set(host); }
  Device(const Device &) = delete;
  ~Device() { CHECK(cudaFree(data)); }
  void set(const std::vector<T> &host) {
    CHECK(cudaMemcpy(data, host.data(), host.size() * sizeof(T), cudaMemcpyHostToDevice));
  }
  void clear() { CHECK(cudaMemset(data, 0, count * sizeof(T))); }
  // Also where a kernel's failure comes out.
  std::vector<T> get() const {
    std::vector<T> host(count);
    CHECK(cudaGetLastError());
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaMemcpy(host.data(), data, count * sizeof(T), cudaMemcpyDeviceToHost));
    return host;
  }
  operator T *() { return data; }
};

// A problem size from the command line.
inline int argument(int argc, char **argv, int index, int fallback) {
  return argc > index ? std::atoi(argv[index]) : fallback;
}

constexpr int ceilDivide(int a, int b) { return (a + b - 1) / b; }

// False where either is not a number.
inline bool isNear(double found, double wanted, double relative = 1e-5, double absolute = 1e-6) {
  return std::fabs(found - wanted) <= absolute + relative * std::fabs(wanted);
}

// Counts wrong results and says the verdict.
struct Verdict {
  const char *name;
  long wrong = 0, total = 0;
  explicit Verdict(const char *name) : name(name) {}

  void expect(bool holds, const char *what, long index = 0) {
    total++;
    if (!holds && wrong++ < 5) std::printf("%s: wrong: %s [%ld]\n", name, what, index);
  }
  template <typename T>
  void equal(const std::vector<T> &found, const std::vector<T> &wanted, const char *what) {
    expect(found.size() == wanted.size(), what, -1);
    for (size_t i = 0; i < std::min(found.size(), wanted.size()); i++)
      expect(found[i] == wanted[i], what, (long)i);
  }
  template <typename T, typename W>
  void close(const std::vector<T> &found, const std::vector<W> &wanted, const char *what,
             double relative = 1e-5, double absolute = 1e-6) {
    expect(found.size() == wanted.size(), what, -1);
    for (size_t i = 0; i < std::min(found.size(), wanted.size()); i++)
      expect(isNear((double)found[i], (double)wanted[i], relative, absolute), what, (long)i);
  }
  // The exit status.
  int finish() {
    CHECK(cudaGetLastError());
    CHECK(cudaDeviceSynchronize());
    if (wrong)
      std::printf("%s: FAILED (%ld of %ld results wrong)\n", name, wrong, total);
    else
      std::printf("%s: PASSED (%ld results)\n", name, total);
    return wrong ? 1 : 0;
  }
};
