// Checks that say where they fail; a program that ends with status 0 passed all of them.
#pragma once
#include <cuda_runtime.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#define CHECK(condition)                                                          \
  do {                                                                            \
    if (!(condition)) {                                                           \
      std::printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                 \
      std::exit(1);                                                               \
    }                                                                             \
  } while (0)

#define SUCCEEDS(call)                                                            \
  do {                                                                            \
    cudaError_t answer_ = (call);                                                  \
    if (answer_ != cudaSuccess) {                                                  \
      std::printf("%s:%d: %s: %s\n", __FILE__, __LINE__, #call, cudaGetErrorName(answer_)); \
      std::exit(1);                                                               \
    }                                                                             \
  } while (0)

#define ANSWERS(call, expected)                                                   \
  do {                                                                            \
    cudaError_t answer_ = (call);                                                  \
    if (answer_ != (expected)) {                                                   \
      std::printf("%s:%d: %s: %s\n", __FILE__, __LINE__, #call, cudaGetErrorName(answer_)); \
      std::exit(1);                                                               \
    }                                                                             \
    cudaGetLastError();                                                           \
  } while (0)
