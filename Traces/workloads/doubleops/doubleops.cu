// Double-precision arithmetic: the operations that IEEE 754 defines, to the bit; conversions; and
// functions of the mathematical library within their documented errors.
#include "check.h"

enum Exact {
  sum, product, fused, quotient, root, reciprocal, sumUp, productToZero, least, greatest,
  integerParts, toInt, toWide, toUnsignedWide, fromWide, toSingle, toSingleUp, comparisons, exacts
};
enum Close {
  sine, cosine, exponential, logarithm, powered, arcTangent, hyperbolic, inverseRoot, closes
};

__global__ void operate(const double *x, const double *y, double *exact, double *close, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  double a = x[i], b = y[i], *e = exact + i, *c = close + i;
  e[sum * n] = a + b;
  e[product * n] = a * b;
  e[fused * n] = fma(a, b, -a);
  e[quotient * n] = a / b;
  e[root * n] = sqrt(fabs(a));
  e[reciprocal * n] = 1 / b;
  e[sumUp * n] = __dadd_ru(a, b);
  e[productToZero * n] = __dmul_rz(a, b);
  e[least * n] = fmin(a, b);
  e[greatest * n] = fmax(a, b);
  e[integerParts * n] = floor(a) + 2 * ceil(a) + 4 * trunc(a) + 8 * rint(a);
  e[toInt * n] = (int)a + (unsigned)fabs(b);
  e[toWide * n] = (double)((long long)(a * 1e6) % 1000003);
  e[toUnsignedWide * n] = (double)((unsigned long long)fabs(b * 1e17) >> 7);
  e[fromWide * n] = (double)(__double_as_longlong(a) ^ __double_as_longlong(b));
  e[toSingle * n] = (float)a;
  e[toSingleUp * n] = __double2float_ru(b);
  e[comparisons * n] = (a < b) + 2 * (a <= b) + 4 * (a == a) + 8 * (b > 0) + 16 * isinf(a);
  c[sine * n] = sin(a);
  c[cosine * n] = cos(b);
  c[exponential * n] = exp(a);
  c[logarithm * n] = log(fabs(b));
  c[powered * n] = pow(fabs(a), b);
  c[arcTangent * n] = atan2(a, b);
  c[hyperbolic * n] = tanh(a);
  c[inverseRoot * n] = rsqrt(fabs(b));
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 1000);
  Generator random;
  std::vector<double> x(n), y(n);
  for (int i = 0; i < n; i++) {
    // Two draws, so that all bits of the mantissa take part.
    x[i] = random.between(-10, 10) + random.unit() * 0x1p-28;
    y[i] = (random.between(0.1f, 10) + random.unit() * 0x1p-28) * (random.below(2) ? 1 : -1);
  }
  Device<double> dx(x), dy(y), exact(exacts * n), close(closes * n);
  Verdict verdict("doubleops");
  operate<<<ceilDivide(n, 128), 128>>>(dx, dy, exact, close, n);
  auto e = exact.get(), c = close.get();
  for (int i = 0; i < n; i++) {
    double a = x[i], b = y[i], wanted[exacts];
    wanted[sum] = a + b;
    wanted[product] = a * b;
    wanted[fused] = std::fma(a, b, -a);
    wanted[quotient] = a / b;
    wanted[root] = std::sqrt(std::fabs(a));
    wanted[reciprocal] = 1 / b;
    // What the nearest sum and product miss is exact, and its sign tells where they lie.
    double nearest = a + b, part = nearest - a;
    double missed = (a - (nearest - part)) + (b - part);
    wanted[sumUp] = missed > 0 ? std::nextafter(nearest, INFINITY) : nearest;
    nearest = a * b;
    missed = std::fma(a, b, -nearest);
    wanted[productToZero] = missed * nearest < 0 ? std::nextafter(nearest, 0) : nearest;
    wanted[least] = std::fmin(a, b);
    wanted[greatest] = std::fmax(a, b);
    wanted[integerParts] = std::floor(a) + 2 * std::ceil(a) + 4 * std::trunc(a) + 8 * std::rint(a);
    wanted[toInt] = (unsigned)(int)a + (unsigned)std::fabs(b);
    wanted[toWide] = (double)((long long)(a * 1e6) % 1000003);
    wanted[toUnsignedWide] = (double)((unsigned long long)std::fabs(b * 1e17) >> 7);
    long long left, right;
    std::memcpy(&left, &a, 8);
    std::memcpy(&right, &b, 8);
    wanted[fromWide] = (double)(left ^ right);
    wanted[toSingle] = (float)a;
    float up = (float)b;
    wanted[toSingleUp] = up < b ? std::nextafterf(up, INFINITY) : up;
    wanted[comparisons] = (a < b) + 2 * (a <= b) + 4 * (a == a) + 8 * (b > 0);
    for (int j = 0; j < exacts; j++)
      verdict.expect(e[j * n + i] == wanted[j], "exact result", j * 1000000 + i);
    const double functions[closes] = {
        std::sin(a),
        std::cos(b),
        std::exp(a),
        std::log(std::fabs(b)),
        std::pow(std::fabs(a), b),
        std::atan2(a, b),
        std::tanh(a),
        1 / std::sqrt(std::fabs(b)),
    };
    for (int j = 0; j < closes; j++)
      verdict.expect(isNear(c[j * n + i], functions[j], 2e-15, 1e-16), "near result",
                     j * 1000000 + i);
  }
  return verdict.finish();
}
