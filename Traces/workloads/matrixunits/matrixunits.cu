// Every mma.sync type of the architecture against a reference.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "check.h"

#define FLOAT_MMA(name, shape, types)                                                       \
  asm volatile("mma.sync.aligned." shape ".row.col." types                                  \
               " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"                      \
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                             \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))

#define INTEGER_MMA(shape, types)                                                           \
  asm volatile("mma.sync.aligned." shape ".row.col." types                                  \
               " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"                      \
               : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])                             \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))

// Fragments come packed: four registers of A and two of B for each lane.
__global__ void floats(const unsigned *as, const unsigned *bs, float *cs, int kind) {
#if __CUDA_ARCH__ >= 800
  unsigned a[4], b[2];
  float c[4] = {};
  for (int i = 0; i < 4; i++) a[i] = as[i * 32 + threadIdx.x];
  for (int i = 0; i < 2; i++) b[i] = bs[i * 32 + threadIdx.x];
  if (kind == 0) FLOAT_MMA("half", "m16n8k16", "f32.f16.f16.f32");
  if (kind == 1) FLOAT_MMA("brain", "m16n8k16", "f32.bf16.bf16.f32");
  if (kind == 2) FLOAT_MMA("tensor", "m16n8k8", "f32.tf32.tf32.f32");
  for (int i = 0; i < 4; i++) cs[i * 32 + threadIdx.x] = c[i];
#endif
}

__global__ void integers(const unsigned *as, const unsigned *bs, int *cs, int kind) {
#if __CUDA_ARCH__ >= 800
  unsigned a[4], b[2];
  int c[4] = {1, 2, 3, 4};
  for (int i = 0; i < 4; i++) a[i] = as[i * 32 + threadIdx.x];
  for (int i = 0; i < 2; i++) b[i] = bs[i * 32 + threadIdx.x];
  if (kind == 0) INTEGER_MMA("m16n8k32", "s32.s8.s8.s32");
  if (kind == 1) INTEGER_MMA("m16n8k32", "s32.u8.s8.s32");
#if __CUDA_ARCH__ < 900
  if (kind == 2) INTEGER_MMA("m16n8k64", "s32.s4.u4.s32");
#endif
  for (int i = 0; i < 4; i++) cs[i * 32 + threadIdx.x] = c[i];
#endif
}

__global__ void doubles(const double *as, const double *bs, double *cs) {
#if __CUDA_ARCH__ >= 800
  double c0 = 0.5, c1 = -0.5;
  asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0,%1}, {%2}, {%3}, {%0,%1};"
               : "+d"(c0), "+d"(c1)
               : "d"(as[threadIdx.x]), "d"(bs[threadIdx.x]));
  cs[threadIdx.x * 2] = c0;
  cs[threadIdx.x * 2 + 1] = c1;
#endif
}

int main() {
  Generator random;
  Verdict verdict("matrixunits");
  int device;
  CHECK(cudaDeviceGetAttribute(&device, cudaDevAttrComputeCapabilityMajor, 0));
  // These shapes came with sm_80.
  if (device < 8) return verdict.finish();
  for (int kind = 0; kind < 3; kind++) {
    int depth = kind == 2 ? 8 : 16, per = kind == 2 ? 1 : 2, span = per * 4;
    std::vector<float> a(16 * depth), b(8 * depth);
    std::vector<unsigned> as(128), bs(64);
    auto bits = [&](float &v) -> unsigned {
      v = (float)((int)random.below(64) - 32) / 16;
      if (kind == 0) {
        __half h = __float2half(v);
        return *(unsigned short *)&h;
      }
      unsigned word = *(unsigned *)&v;
      return kind == 1 ? word >> 16 : word;
    };
    for (int row = 0; row < 16; row++)
      for (int k = 0; k < depth; k++)
        as[(k / span * 2 + row / 8) * 32 + row % 8 * 4 + k % span / per] |=
            bits(a[row * depth + k]) << (k % per * 16);
    for (int column = 0; column < 8; column++)
      for (int k = 0; k < depth; k++)
        bs[k / span * 32 + column * 4 + k % span / per] |= bits(b[column * depth + k])
                                                           << (k % per * 16);
    Device<unsigned> da(as), db(bs);
    Device<float> dc(128);
    floats<<<1, 32>>>(da, db, dc, kind);
    auto c = dc.get();
    for (int row = 0; row < 16; row++)
      for (int column = 0; column < 8; column++) {
        float sum = 0;
        for (int k = 0; k < depth; k++) sum += a[row * depth + k] * b[column * depth + k];
        verdict.expect(c[(row / 8 * 2 + column % 2) * 32 + row % 8 * 4 + column / 2] == sum,
                       "float product", kind * 1000 + row * 8 + column);
      }
  }
  for (int kind = 0; kind < (device < 9 ? 3 : 2); kind++) {
    int bitsPer = kind == 2 ? 4 : 8, per = 32 / bitsPer, depth = per * 8, span = per * 4;
    std::vector<int> a(16 * depth), b(8 * depth);
    std::vector<unsigned> as(128), bs(64);
    auto bits = [&](int &v, bool isSigned) -> unsigned {
      unsigned raw = random.below(1u << bitsPer);
      v = isSigned && raw >> (bitsPer - 1) ? (int)raw - (1 << bitsPer) : (int)raw;
      return raw;
    };
    for (int row = 0; row < 16; row++)
      for (int k = 0; k < depth; k++)
        as[(k / span * 2 + row / 8) * 32 + row % 8 * 4 + k % span / per] |=
            bits(a[row * depth + k], kind != 1) << (k % per * bitsPer);
    for (int column = 0; column < 8; column++)
      for (int k = 0; k < depth; k++)
        bs[k / span * 32 + column * 4 + k % span / per] |=
            bits(b[column * depth + k], kind != 2) << (k % per * bitsPer);
    Device<unsigned> da(as), db(bs);
    Device<int> dc(128);
    integers<<<1, 32>>>(da, db, dc, kind);
    auto c = dc.get();
    for (int row = 0; row < 16; row++)
      for (int column = 0; column < 8; column++) {
        int reg = row / 8 * 2 + column % 2, sum = reg + 1;
        for (int k = 0; k < depth; k++) sum += a[row * depth + k] * b[column * depth + k];
        verdict.expect(c[reg * 32 + row % 8 * 4 + column / 2] == sum, "integer product",
                       kind * 1000 + row * 8 + column);
      }
  }
  std::vector<double> a(32), b(32);
  for (double &v : a) v = random.unit();
  for (double &v : b) v = random.unit();
  Device<double> da(a), db(b), dc(64);
  doubles<<<1, 32>>>(da, db, dc);
  auto c = dc.get();
  for (int row = 0; row < 8; row++)
    for (int column = 0; column < 8; column++) {
      double sum = column % 2 ? -0.5 : 0.5;
      for (int k = 0; k < 4; k++) sum = fma(a[row * 4 + k], b[column * 4 + k], sum);
      verdict.expect(near(c[(row * 4 + column / 2) * 2 + column % 2], sum, 1e-14), "double product",
                     row * 8 + column);
    }
  return verdict.finish();
}
