// Tensor-core products of every floating-point type of sm_80: half precision with sums in half
// and in single precision, bfloat16, TF32, and the shapes that are half as deep. A warp makes a
// tile of 16 x 8; operands come straight from memory, the left matrix by rows, the right by
// columns. The values are multiples of 1/16, so few and small that every sum is exact.
// Needs sm_80.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "check.h"

#define PRODUCT_4_2(SHAPE, TYPES)                                                               \
  asm("mma.sync.aligned." SHAPE ".row.col." TYPES " {%0, %1, %2, %3}, {%4, %5, %6, %7}, "      \
      "{%8, %9}, {%0, %1, %2, %3};"                                                             \
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])                                          \
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
#define PRODUCT_2_1(SHAPE, TYPES)                                                               \
  asm("mma.sync.aligned." SHAPE ".row.col." TYPES " {%0, %1, %2, %3}, {%4, %5}, {%6}, "        \
      "{%0, %1, %2, %3};"                                                                       \
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])                                          \
      : "r"(a[0]), "r"(a[1]), "r"(b[0]))

// Operand registers of the left matrix, in order: upper and lower eight rows of the left half of
// the columns, then of the right half. The shapes that are half as deep have the left half only.
// The accumulators are likewise four numbers of two rows.
struct HalfFull {
  using Value = __half;
  static constexpr int depth = 16;
  static __device__ void product(float (&d)[4], const uint32_t *a, const uint32_t *b) {
    PRODUCT_4_2("m16n8k16", "f32.f16.f16.f32");
  }
};

struct HalfShallow {
  using Value = __half;
  static constexpr int depth = 8;
  static __device__ void product(float (&d)[4], const uint32_t *a, const uint32_t *b) {
    PRODUCT_2_1("m16n8k8", "f32.f16.f16.f32");
  }
};

// The accumulators, too, are halves.
struct HalfSums {
  using Value = __half;
  static constexpr int depth = 16;
  static __device__ void product(float (&d)[4], const uint32_t *a, const uint32_t *b) {
    __half2 upper = __floats2half2_rn(d[0], d[1]), lower = __floats2half2_rn(d[2], d[3]);
    asm("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 {%0, %1}, {%2, %3, %4, %5}, {%6, %7}, "
        "{%0, %1};"
        : "+r"(*(uint32_t *)&upper), "+r"(*(uint32_t *)&lower)
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    d[0] = __low2float(upper);
    d[1] = __high2float(upper);
    d[2] = __low2float(lower);
    d[3] = __high2float(lower);
  }
};

struct BrainFull {
  using Value = __nv_bfloat16;
  static constexpr int depth = 16;
  static __device__ void product(float (&d)[4], const uint32_t *a, const uint32_t *b) {
    PRODUCT_4_2("m16n8k16", "f32.bf16.bf16.f32");
  }
};

struct BrainShallow {
  using Value = __nv_bfloat16;
  static constexpr int depth = 8;
  static __device__ void product(float (&d)[4], const uint32_t *a, const uint32_t *b) {
    PRODUCT_2_1("m16n8k8", "f32.bf16.bf16.f32");
  }
};

struct TensorFull {
  using Value = float;
  static constexpr int depth = 8;
  static __device__ void product(float (&d)[4], const uint32_t *a, const uint32_t *b) {
    PRODUCT_4_2("m16n8k8", "f32.tf32.tf32.f32");
  }
};

struct TensorShallow {
  using Value = float;
  static constexpr int depth = 4;
  static __device__ void product(float (&d)[4], const uint32_t *a, const uint32_t *b) {
    PRODUCT_2_1("m16n8k4", "f32.tf32.tf32.f32");
  }
};

template <typename Kind>
__global__ void multiply(const typename Kind::Value *a, const typename Kind::Value *b, float *c,
                         int n) {
  // A register holds this many neighbours of a row; the four lanes of a group take turns.
  constexpr int per = 4 / sizeof(typename Kind::Value), halves = Kind::depth / (4 * per);
  int lane = threadIdx.x, row = blockIdx.y * 16 + lane / 4, column = blockIdx.x * 8 + lane / 4;
  float d[4] = {};
  for (int k = lane % 4 * per; k < n; k += Kind::depth) {
    uint32_t left[4], right[2];
#pragma unroll
    for (int half = 0; half < halves; half++) {
      int x = k + half * 4 * per;
      left[2 * half] = *(const uint32_t *)&a[row * n + x];
      left[2 * half + 1] = *(const uint32_t *)&a[(row + 8) * n + x];
      right[half] = *(const uint32_t *)&b[column * n + x];
    }
    Kind::product(d, left, right);
  }
  float *out = c + row * n + blockIdx.x * 8 + lane % 4 * 2;
  *(float2 *)out = make_float2(d[0], d[1]);
  *(float2 *)(out + 8 * n) = make_float2(d[2], d[3]);
}

template <typename Kind>
void check(Verdict &verdict, const char *what, int n) {
  using Value = typename Kind::Value;
  Generator random;
  std::vector<Value> a(n * n), b(n * n);
  std::vector<float> x(n * n), y(n * n), wanted(n * n);
  for (int i = 0; i < n * n; i++) {
    x[i] = ((int)random.below(17) - 8) / 16.0f;
    y[i] = ((int)random.below(17) - 8) / 16.0f;
    a[i] = Value(x[i]);
    b[i] = Value(y[i]);
  }
  for (int row = 0; row < n; row++)
    for (int column = 0; column < n; column++)
      for (int k = 0; k < n; k++) wanted[row * n + column] += x[row * n + k] * y[column * n + k];
  Device<Value> da(a), db(b);
  Device<float> dc(n * n);
  multiply<Kind><<<dim3(n / 8, n / 16), 32>>>(da, db, dc, n);
  verdict.equal(dc.get(), wanted, what);
}

int main(int argc, char **argv) {
  // Up to 64, this input's sums stay below 8 and have eight bits behind the point: a half has
  // just room for them.
  int n = std::min(argument(argc, argv, 1, 64), 64) / 16 * 16;
  Verdict verdict("mmatypes");
  check<HalfFull>(verdict, "half, m16n8k16", n);
  check<HalfShallow>(verdict, "half, m16n8k8", n);
  check<HalfSums>(verdict, "half sums", n);
  check<BrainFull>(verdict, "bfloat16, m16n8k16", n);
  check<BrainShallow>(verdict, "bfloat16, m16n8k8", n);
  check<TensorFull>(verdict, "TF32, m16n8k8", n);
  check<TensorShallow>(verdict, "TF32, m16n8k4", n);
  return verdict.finish();
}
