// Arithmetic on pairs of halves and of bfloat16: sums, products, fused ones with and without a
// bound at zero, comparisons, minima, conversions, roots and exponentials. Inputs are multiples
// of 1/64 between -4 and 4, so that the host can compute every unrounded result exactly. sm_75
// has no bfloat16.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "check.h"

// The first are exact to the bit, the others approximate.
enum Word {
  added, subtracted, multiplied, fused, fusedBounded, saturated, least, greatest, magnitude,
  compared, compareMask, exacts,
  reciprocal = exacts, root, inverseRoot, exponential, binaryExponential, logarithm, sine,
  quotient, words
};

// Pairs of either kind look alike but for their names.
template <typename Pair>
__device__ void operate(Pair a, Pair b, Pair zero, Pair one, Pair *out, int n) {
  out[added * n] = __hadd2(a, b);
  out[subtracted * n] = __hsub2(a, b);
  out[multiplied * n] = __hmul2(a, b);
  out[fused * n] = __hfma2(a, b, __hneg2(a));
#if __CUDA_ARCH__ >= 800
  out[fusedBounded * n] = __hfma2_relu(a, b, __hneg2(a));
#else
  out[fusedBounded * n] = __hmax2(__hfma2(a, b, __hneg2(a)), zero);
#endif
  out[saturated * n] = __hfma2_sat(a, b, one);
  out[least * n] = __hmin2(a, b);
  out[greatest * n] = __hmax2(a, b);
  out[magnitude * n] = __habs2(a);
  out[compared * n] = __hge2(a, b);
  unsigned mask = __hlt2_mask(a, b) & 0x3c003c00;
  out[compareMask * n] = *(Pair *)&mask;
  Pair positive = __hadd2(__habs2(a), one);
  out[reciprocal * n] = h2rcp(positive);
  out[root * n] = h2sqrt(positive);
  out[inverseRoot * n] = h2rsqrt(positive);
  out[exponential * n] = h2exp(a);
  out[binaryExponential * n] = h2exp2(a);
  out[logarithm * n] = h2log(positive);
  out[sine * n] = h2sin(a);
  out[quotient * n] = __h2div(a, positive);
}

__global__ void halves(const __half2 *a, const __half2 *b, __half2 *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) operate(a[i], b[i], __float2half2_rn(0), __float2half2_rn(1), out + i, n);
}

__global__ void brains(const __nv_bfloat162 *a, const __nv_bfloat162 *b, __nv_bfloat162 *out,
                       int n) {
#if __CUDA_ARCH__ >= 800
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) operate(a[i], b[i], __float2bfloat162_rn(0), __float2bfloat162_rn(1), out + i, n);
#endif
}

// Conversions to and from integers and floats, by all roundings.
enum Conversion {
  toNearest, toZero, upwards, downwards, toInt, toUnsigned, fromInt, toShort, conversions
};

__global__ void convert(const float *in, int *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float value = in[i];
  out[toNearest * n + i] = __half_as_ushort(__float2half_rn(value));
  out[toZero * n + i] = __half_as_ushort(__float2half_rz(value));
  out[upwards * n + i] = __half_as_ushort(__float2half_ru(value));
  out[downwards * n + i] = __half_as_ushort(__float2half_rd(value));
  __half half = __float2half(value);
  out[toInt * n + i] = __half2int_rn(half);
  out[toUnsigned * n + i] = (int)__half2uint_rz(__habs(half));
  out[fromInt * n + i] = __half_as_ushort(__int2half_rn((int)(value * 100)));
  out[toShort * n + i] = __half2short_rd(half);
}

float single(__half value) { return __half2float(value); }
float single(__nv_bfloat16 value) { return __bfloat162float(value); }

// The result of rounding the exact value, which fits a double.
template <typename T>
T rounded(double value);
template <>
__half rounded(double value) { return __double2half(value); }
template <>
__nv_bfloat16 rounded(double value) { return __double2bfloat16(value); }

template <typename T, typename Pair, typename Kernel>
void check(Verdict &verdict, Kernel kernel, const char *what, int n, double relative) {
  Generator random;
  std::vector<T> a(2 * n), b(2 * n);
  for (T &value : a) value = rounded<T>(((int)random.below(513) - 256) / 64.0);
  for (T &value : b) value = rounded<T>(((int)random.below(513) - 256) / 64.0);
  Device<T> da(a), db(b), out(2 * words * n);
  kernel<<<ceilDivide(n, 128), 128>>>((const Pair *)da.data, (const Pair *)db.data,
                                      (Pair *)out.data, n);
  auto found = out.get();
  for (int i = 0; i < 2 * n; i++) {
    double x = single(a[i]), y = single(b[i]), wanted[words], positive;
    wanted[added] = x + y;
    wanted[subtracted] = x - y;
    wanted[multiplied] = x * y;
    wanted[fused] = x * y - x;
    wanted[fusedBounded] = std::max(x * y - x, 0.0);
    wanted[saturated] = std::min(std::max(x * y + 1, 0.0), 1.0);
    wanted[least] = std::min(x, y);
    wanted[greatest] = std::max(x, y);
    wanted[magnitude] = std::fabs(x);
    wanted[compared] = x >= y;
    // What is left of the mask is one as a half and a small number as a bfloat16.
    uint16_t ones = x < y ? 0x3c00 : 0;
    T masked;
    std::memcpy(&masked, &ones, 2);
    wanted[compareMask] = single(masked);
    positive = single(rounded<T>(std::fabs(x) + 1));
    wanted[reciprocal] = 1 / positive;
    wanted[root] = std::sqrt(positive);
    wanted[inverseRoot] = 1 / std::sqrt(positive);
    wanted[exponential] = std::exp(x);
    wanted[binaryExponential] = std::exp2(x);
    wanted[logarithm] = std::log(positive);
    wanted[sine] = std::sin(x);
    wanted[quotient] = x / positive;
    for (int j = 0; j < exacts; j++)
      verdict.expect(single(found[2 * j * n + i]) == single(rounded<T>(wanted[j])), what,
                     j * 1000000 + i);
    for (int j = exacts; j < words; j++)
      verdict.expect(isNear(single(found[2 * j * n + i]), wanted[j], relative, relative), what,
                     j * 1000000 + i);
  }
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 1000);
  Verdict verdict("halfops");
  check<__half, __half2>(verdict, halves, "half", n, 0x1p-10);
  int major;
  CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0));
  if (major >= 8) check<__nv_bfloat16, __nv_bfloat162>(verdict, brains, "bfloat16", n, 0x1p-7);

  Generator random;
  std::vector<float> values(n);
  for (float &value : values) value = random.between(-300, 300);
  // Among them the borders: subnormal halves, ties, the largest half.
  const float borders[] = {0,    1e-7f, 0x1p-24f, 0x1.8p-25f, 0x1p-15f,
                           2049, 2051,  -2050.5f, 0.5f,       1.5f};
  std::copy_n(borders, std::min<size_t>(n, std::size(borders)), values.begin());
  Device<float> in(values);
  Device<int> out(conversions * n);
  convert<<<ceilDivide(n, 128), 128>>>(in, out, n);
  auto found = out.get();
  for (int i = 0; i < n; i++) {
    float value = values[i];
    auto bits = [](__half half) { return (int)__half_as_ushort(half); };
    float half = single(__float2half_rn(value));
    // The header's host versions, in software, are the reference.
    const int wanted[conversions] = {
        bits(__float2half_rn(value)),
        bits(__float2half_rz(value)),
        bits(__float2half_ru(value)),
        bits(__float2half_rd(value)),
        (int)std::nearbyint(half),
        (int)std::fabs(half),
        bits(__float2half_rn((float)(int)(value * 100))),
        (int)std::floor(half),
    };
    for (int j = 0; j < conversions; j++)
      verdict.expect(found[j * n + i] == wanted[j], "conversion", j * 1000000 + i);
  }
  return verdict.finish();
}
