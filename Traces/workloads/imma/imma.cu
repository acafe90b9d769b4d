// The product of 8-bit integer matrices on tensor cores, signed, unsigned and mixed, in the shapes
// of sm_75 and of sm_80. A warp makes a strip of 16 rows; operands come straight from memory: the
// left matrix by rows, the right by columns.
#include "check.h"

// How d += a b is said for one shape and kind of operands.
#define PRODUCT_16_8_32(A, B)                                                                    \
  asm("mma.sync.aligned.m16n8k32.row.col.s32." A "." B ".s32 {%0, %1, %2, %3}, {%4, %5, %6, "  \
      "%7}, {%8, %9}, {%0, %1, %2, %3};"                                                        \
      : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])                                           \
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
#define PRODUCT_8_8_16(A, B, D, LEFT, RIGHT)                                                     \
  asm("mma.sync.aligned.m8n8k16.row.col.s32." A "." B ".s32 {%0, %1}, {%2}, {%3}, {%0, %1};"    \
      : "+r"((D)[0]), "+r"((D)[1])                                                               \
      : "r"(LEFT), "r"(RIGHT))

enum Kind { bothSigned, bothUnsigned, leftSigned };

template <Kind kind>
__device__ void small(int *d, uint32_t a, uint32_t b) {
  if (kind == bothSigned) PRODUCT_8_8_16("s8", "s8", d, a, b);
  if (kind == bothUnsigned) PRODUCT_8_8_16("u8", "u8", d, a, b);
  if (kind == leftSigned) PRODUCT_8_8_16("s8", "u8", d, a, b);
}

// 16 x 32 by 32 x 8. Four lanes share a row; each holds four bytes of either half of it.
template <Kind kind, bool smallShape>
__device__ void product(int (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  if (!smallShape) {
    if (kind == bothSigned) PRODUCT_16_8_32("s8", "s8");
    if (kind == bothUnsigned) PRODUCT_16_8_32("u8", "u8");
    if (kind == leftSigned) PRODUCT_16_8_32("s8", "u8");
    return;
  }
#endif
  small<kind>(d, a[0], b[0]);
  small<kind>(d + 2, a[1], b[0]);
  small<kind>(d, a[2], b[1]);
  small<kind>(d + 2, a[3], b[1]);
}

template <Kind kind, bool smallShape>
__global__ void multiply(const uint8_t *a, const uint8_t *b, int *c, int n) {
  int lane = threadIdx.x, row = blockIdx.y * 16 + lane / 4, column = blockIdx.x * 8 + lane / 4;
  int d[4] = {};
  for (int k = 0; k < n; k += 32) {
    auto word = [=](const uint8_t *matrix, int line, int offset) {
      return *(const uint32_t *)(matrix + line * n + k + lane % 4 * 4 + offset);
    };
    uint32_t left[4] = {word(a, row, 0), word(a, row + 8, 0), word(a, row, 16),
                        word(a, row + 8, 16)};
    uint32_t right[2] = {word(b, column, 0), word(b, column, 16)};
    product<kind, smallShape>(d, left, right);
  }
  int *out = c + row * n + blockIdx.x * 8 + lane % 4 * 2;
  out[0] = d[0];
  out[1] = d[1];
  out[8 * n] = d[2];
  out[8 * n + 1] = d[3];
}

// Four-bit values, which only sm_80 to sm_89 multiply: 16 x 64 by 64 x 8.
__global__ void nibbles(const uint8_t *a, const uint8_t *b, int *c, int n) {
#if __CUDA_ARCH__ >= 800 && __CUDA_ARCH__ < 900
  int lane = threadIdx.x, row = blockIdx.y * 16 + lane / 4, column = blockIdx.x * 8 + lane / 4;
  int d[4] = {};
  for (int k = lane % 4 * 4; k < n / 2; k += 32) {
    auto word = [=](const uint8_t *matrix, int line, int offset) {
      return *(const uint32_t *)(matrix + line * (n / 2) + k + offset);
    };
    asm("mma.sync.aligned.m16n8k64.row.col.s32.s4.u4.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, {%0, %1, %2, %3};"
        : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
        : "r"(word(a, row, 0)), "r"(word(a, row + 8, 0)), "r"(word(a, row, 16)),
          "r"(word(a, row + 8, 16)), "r"(word(b, column, 0)), "r"(word(b, column, 16)));
  }
  int *out = c + row * n + blockIdx.x * 8 + lane % 4 * 2;
  out[0] = d[0];
  out[1] = d[1];
  out[8 * n] = d[2];
  out[8 * n + 1] = d[3];
#endif
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 128) / 64 * 64;
  Generator random;
  std::vector<uint8_t> a(n * n), b(n * n);
  for (uint8_t &value : a) value = (uint8_t)random.below(256);
  for (uint8_t &value : b) value = (uint8_t)random.below(256);
  Device<uint8_t> da(a), db(b);
  Device<int> dc(n * n);
  Verdict verdict("imma");
  auto check = [&](void (*kernel)(const uint8_t *, const uint8_t *, int *, int), bool leftHasSign,
                   bool rightHasSign, const char *what) {
    std::vector<int> wanted(n * n);
    for (int y = 0; y < n; y++)
      for (int x = 0; x < n; x++)
        for (int k = 0; k < n; k++) {
          uint8_t left = a[y * n + k], right = b[x * n + k];
          wanted[y * n + x] += (leftHasSign ? (int8_t)left : (int)left) *
                               (rightHasSign ? (int8_t)right : (int)right);
        }
    dc.clear();
    kernel<<<dim3(n / 8, n / 16), 32>>>(da, db, dc, n);
    verdict.equal(dc.get(), wanted, what);
  };
  check(multiply<bothSigned, false>, true, true, "s8 x s8");
  check(multiply<bothUnsigned, false>, false, false, "u8 x u8");
  check(multiply<leftSigned, false>, true, false, "s8 x u8");
  check(multiply<bothSigned, true>, true, true, "s8 x s8, small shape");
  check(multiply<bothUnsigned, true>, false, false, "u8 x u8, small shape");
  check(multiply<leftSigned, true>, true, false, "s8 x u8, small shape");

  int major;
  CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0));
  if (major == 8) {
    // The same bytes, each two values, the lower first.
    std::vector<int> wanted(n * n);
    for (int y = 0; y < n; y++)
      for (int x = 0; x < n; x++)
        for (int k = 0; k < n; k++) {
          int left = a[y * (n / 2) + k / 2] >> k % 2 * 4 & 15;
          int right = b[x * (n / 2) + k / 2] >> k % 2 * 4 & 15;
          wanted[y * n + x] += (left < 8 ? left : left - 16) * right;
        }
    dc.clear();
    nibbles<<<dim3(n / 8, n / 16), 32>>>(da, db, dc, n);
    verdict.equal(dc.get(), wanted, "s4 x u4");
  }
  return verdict.finish();
}
