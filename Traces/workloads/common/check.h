// What every workload needs: error checks, a repeatable generator, and the verdict.
#pragma once
#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                              \
  do {                                                                           \
    cudaError_t status = (call);                                                 \
    if (status != cudaSuccess) {                                                 \
      std::printf("%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
      std::exit(2);                                                              \
    }                                                                            \
  } while (0)

// Numerical Recipes' 32-bit linear congruential generator.
struct Generator {
  uint32_t state = 12345;
  uint32_t next() { return state = state * 1664525u + 1013904223u; }
  uint32_t below(uint32_t bound) { return (next() >> 8) % bound; }
  float unit() { return (next() >> 8) * (1.0f / 16777216.0f); }
};

// Device memory that frees itself.
template <typename T>
struct Device {
  T *data = nullptr;
  size_t count;
  explicit Device(size_t count) : count(count) { CHECK(cudaMalloc(&data, count * sizeof(T))); }
  explicit Device(const std::vector<T> &host) : Device(host.size()) { set(host); }
  Device(const Device &) = delete;
  ~Device() { cudaFree(data); }
  void set(const std::vector<T> &host) {
    CHECK(cudaMemcpy(data, host.data(), host.size() * sizeof(T), cudaMemcpyHostToDevice));
  }
  void clear() { CHECK(cudaMemset(data, 0, count * sizeof(T))); }
  std::vector<T> get() const {
    std::vector<T> host(count);
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaMemcpy(host.data(), data, count * sizeof(T), cudaMemcpyDeviceToHost));
    return host;
  }
  operator T *() { return data; }
};

inline int argument(int argc, char **argv, int index, int fallback) {
  return argc > index ? std::atoi(argv[index]) : fallback;
}

inline bool near(double a, double b, double relative = 1e-5, double absolute = 1e-6) {
  return std::fabs(a - b) <= absolute + relative * std::fabs(b);
}

// Counts wrong results and says the verdict.
struct Verdict {
  const char *name;
  int wrong = 0, total = 0;
  explicit Verdict(const char *name) : name(name) {}
  void expect(bool holds, const char *what = "value", long index = -1) {
    total++;
    if (!holds && wrong++ < 5) std::printf("%s: wrong %s at %ld\n", name, what, index);
  }
  template <typename T>
  void equal(const std::vector<T> &found, const std::vector<T> &wanted, const char *what) {
    expect(found.size() >= wanted.size(), what);
    for (size_t i = 0; i < wanted.size() && i < found.size(); i++)
      expect(found[i] == wanted[i], what, (long)i);
  }
  int finish() {
    CHECK(cudaGetLastError());
    CHECK(cudaDeviceSynchronize());
    std::printf("%s: %s (%d of %d results right)\n", name, wrong ? "FAILED" : "PASSED",
                total - wrong, total);
    return wrong ? 1 : 0;
  }
};
