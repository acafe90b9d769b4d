// Single-precision arithmetic: the operations that IEEE 754 defines, to the bit, in all roundings;
// conversions; and the functions of the mathematical library within their documented errors. Among
// the inputs are zeros, subnormal and huge numbers.
#include "check.h"

enum Exact {
  quotient, root, fused, sumToZero, productUp, fusedDown, reciprocal, least, greatest, integerParts,
  toInt, toUnsigned, toWide, fromInt, fromWide, toDouble, classified, remainder_, exacts
};
enum Close {
  sine, cosine, tangent, exponential, logarithm, powered, hyperbolic, arcTangent, error, cubeRoot,
  length, fastSine, fastExponential, fastLogarithm, fastQuotient, inverseRoot, closes
};

__global__ void operate(const float *x, const float *y, float *exact, float *close, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float a = x[i], b = y[i], *e = exact + i, *c = close + i;
  e[quotient * n] = a / b;
  e[root * n] = sqrtf(fabsf(a));
  e[fused * n] = fmaf(a, b, -a);
  e[sumToZero * n] = __fadd_rz(a, b);
  e[productUp * n] = __fmul_ru(a, b);
  e[fusedDown * n] = __fmaf_rd(a, b, 1);
  e[reciprocal * n] = 1 / b;
  e[least * n] = fminf(a, b);
  e[greatest * n] = fmaxf(a, b);
  e[integerParts * n] = floorf(a) + 2 * ceilf(a) + 4 * truncf(a) + 8 * rintf(a);
  e[toInt * n] = __int_as_float(__float2int_rn(a));
  e[toUnsigned * n] = __uint_as_float(__float2uint_rz(b));
  e[toWide * n] = (float)(__float2ll_ru(a * 1000) % 1000);
  e[fromInt * n] = (float)(__float_as_int(a) / 3);
  e[fromWide * n] = (float)((long long)__float_as_int(a) * 123456789);
  e[toDouble * n] = (float)((double)a * 3 - (double)b);
  e[classified * n] = isnan(a / b * 0) + 2 * isinf(a / b) + 4 * signbit(a) + 8 * (a < b);
  e[remainder_ * n] = fmodf(a, b);
  c[sine * n] = sinf(a);
  c[cosine * n] = cosf(a);
  c[tangent * n] = tanf(b);
  c[exponential * n] = expf(a);
  c[logarithm * n] = logf(fabsf(b));
  c[powered * n] = powf(fabsf(a), b);
  c[hyperbolic * n] = tanhf(a);
  c[arcTangent * n] = atan2f(a, b);
  c[error * n] = erff(b);
  c[cubeRoot * n] = cbrtf(a);
  c[length * n] = hypotf(a, b);
  c[fastSine * n] = __sinf(b);
  c[fastExponential * n] = __expf(b);
  c[fastLogarithm * n] = __log2f(fabsf(a) + 2);
  c[fastQuotient * n] = __fdividef(a, b);
  c[inverseRoot * n] = rsqrtf(fabsf(b));
}

// A value that is not a number equals another.
bool same(float a, float b) { return a == b || (a != a && b != b); }

// Rounding in a direction, from a double in which the value is exact.
float towards(double exact, double direction) {
  float value = (float)exact;
  bool isBeyond = direction > 0   ? value < exact
                  : direction < 0 ? value > exact
                                  : std::fabs(value) > std::fabs(exact);
  return isBeyond ? std::nextafterf(value, (float)direction) : value;
}

int main(int argc, char **argv) {
  int n = std::max(argument(argc, argv, 1, 1000), 16);
  Generator random;
  std::vector<float> x(n), y(n);
  for (int i = 0; i < n; i++) {
    x[i] = random.between(-10, 10);
    y[i] = random.between(0.1f, 10) * (random.below(2) ? 1 : -1);
  }
  // The ends of the range; only the exact operations are compared there.
  const float edges[][2] = {{0, 3},           {-0.0f, 2},       {1e-40f, 3},   {3e-39f, 0.7f},
                            {3e38f, 0.1f},    {1e38f, 1e-38f},  {1e-38f, 1e38f}, {1, 3e38f},
                            {1.5e-45f, 2},    {16777215, 3},    {-3e38f, 2},   {1, 1e-40f}};
  constexpr int edgeCount = std::size(edges);
  for (int i = 0; i < edgeCount; i++) x[i] = edges[i][0], y[i] = edges[i][1];

  Device<float> dx(x), dy(y), exact(exacts * n), close(closes * n);
  Verdict verdict("singleops");
  operate<<<ceilDivide(n, 128), 128>>>(dx, dy, exact, close, n);
  auto e = exact.get(), c = close.get();
  for (int i = 0; i < n; i++) {
    float a = x[i], b = y[i], wanted[exacts];
    double wideA = a, wideB = b;
    auto asFloat = [](uint32_t bits) {
      float value;
      std::memcpy(&value, &bits, 4);
      return value;
    };
    int32_t bits;
    std::memcpy(&bits, &a, 4);
    wanted[quotient] = a / b;
    wanted[root] = std::sqrt(std::fabs(a));
    wanted[fused] = std::fmaf(a, b, -a);
    wanted[sumToZero] = towards(wideA + wideB, 0);
    wanted[productUp] = towards(wideA * wideB, INFINITY);
    wanted[fusedDown] = towards(wideA * wideB + 1, -INFINITY);
    wanted[reciprocal] = 1 / b;
    wanted[least] = std::fmin(a, b);
    wanted[greatest] = std::fmax(a, b);
    wanted[integerParts] = std::floor(a) + 2 * std::ceil(a) + 4 * std::trunc(a) + 8 * std::rint(a);
    // Beyond the integers' range, conversions give the nearest that there is.
    double nearest = std::nearbyint(std::min(std::max(wideA, -0x1p31), 0x1p31 - 1));
    wanted[toInt] = asFloat((uint32_t)(int32_t)nearest);
    wanted[toUnsigned] = asFloat((uint32_t)std::trunc(std::min(std::max(wideB, 0.0), 0x1p32 - 1)));
    double thousands = std::ceil((double)(a * 1000));
    wanted[toWide] = std::fabs(thousands) < 0x1p62 ? (float)((long long)thousands % 1000) : NAN;
    wanted[fromInt] = (float)(bits / 3);
    wanted[fromWide] = (float)((long long)bits * 123456789);
    wanted[toDouble] = (float)(wideA * 3 - wideB);
    float q = a / b;
    wanted[classified] = (float)(std::isnan(q * 0) + 2 * std::isinf(q) + 4 * std::signbit(a) +
                                 8 * (a < b));
    wanted[remainder_] = std::fmod(a, b);
    for (int j = 0; j < exacts; j++) {
      // Two doubles do not hold these edges' exact values.
      bool isWide = i < edgeCount && (j == sumToZero || j == fusedDown || j == productUp);
      if (isWide || (j == toWide && wanted[j] != wanted[j])) continue;
      verdict.expect(same(e[j * n + i], wanted[j]), "exact result", j * 1000000 + i);
    }
    if (i < edgeCount) continue;
    struct Bound { double value, relative, absolute; };
    const Bound bounds[closes] = {
        {std::sin(wideA), 4e-7, 1e-9},
        {std::cos(wideA), 4e-7, 1e-9},
        {std::tan(wideB), 8e-7, 1e-9},
        {std::exp(wideA), 4e-7, 0},
        {std::log(std::fabs(wideB)), 2e-7, 1e-9},
        {std::pow(std::fabs(wideA), wideB), 2e-6, 0},
        {std::tanh(wideA), 4e-7, 0},
        {std::atan2(wideA, wideB), 6e-7, 0},
        {std::erf(wideB), 6e-7, 0},
        {std::cbrt(wideA), 4e-7, 0},
        {std::hypot(wideA, wideB), 6e-7, 0},
        {std::sin(wideB), 0, 4e-6},
        {std::exp(wideB), 4e-6, 0},
        {std::log2(std::fabs(wideA) + 2), 1e-6, 1e-6},
        {wideA / wideB, 4e-7, 0},
        {1 / std::sqrt(std::fabs(wideB)), 4e-7, 0},
    };
    for (int j = 0; j < closes; j++)
      verdict.expect(isNear(c[j * n + i], bounds[j].value, bounds[j].relative, bounds[j].absolute),
                     "near result", j * 1000000 + i);
  }
  return verdict.finish();
}
