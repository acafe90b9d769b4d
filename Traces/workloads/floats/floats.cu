// Float, double, half and bfloat16 arithmetic and conversions against the host.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "check.h"

__global__ void singles(const float *x, const float *y, float *o, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float a = x[i], b = y[i];
  o[i] = a / b;
  o[n + i] = sqrtf(fabsf(a));
  o[2 * n + i] = fmaf(a, b, -a);
  o[3 * n + i] = (float)(int)a + (float)(unsigned)fabsf(b) + (float)(long long)(a * 1e6f);
  o[4 * n + i] = floorf(a) + ceilf(b) + truncf(a) + rintf(b);
  o[5 * n + i] = fminf(a, b) - fmaxf(a, b);
  o[6 * n + i] = __fadd_rz(a, b);
  o[7 * n + i] = __fmul_ru(a, b);
  o[8 * n + i] = __fmaf_rd(a, b, 1.0f);
  o[9 * n + i] = sinf(a) + cosf(b);
  o[10 * n + i] = expf(a) + logf(fabsf(b) + 1e-3f);
  o[11 * n + i] = powf(fabsf(a) + 0.5f, b * 0.1f) + tanhf(a);
}

__global__ void doubles(const double *x, const double *y, double *o, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  double a = x[i], b = y[i];
  o[i] = a / b;
  o[n + i] = sqrt(fabs(a));
  o[2 * n + i] = fma(a, b, -a);
  o[3 * n + i] = (double)(long long)(a * 1e6) + (double)(unsigned long long)fabs(b * 1e7);
  o[4 * n + i] = __dadd_ru(a, b * 1e-9);
  o[5 * n + i] = exp(a) + sin(b);
  o[6 * n + i] = fmin(a, b) + floor(a) + (double)(float)b;
}

__global__ void halves(const float *x, const float *y, float *o, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  __half2 a = __floats2half2_rn(x[i], y[i]), b = __floats2half2_rn(y[i], x[i]);
  __half2 c = __hfma2(a, b, __hmul2(a, a));
  c = __hadd2(c, __hmax2(a, __hneg2(b)));
  o[i] = __low2float(c) + __high2float(c);
  o[n + i] = __half2float(__float2half_rz(x[i])) + (__hgt(a.x, a.y) ? 1.0f : 0.0f);
  __nv_bfloat162 d = __floats2bfloat162_rn(x[i], y[i]);
  o[2 * n + i] = __bfloat162float(d.x) + __bfloat162float(d.y);
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 1000);
  Generator random;
  std::vector<float> x(n), y(n);
  std::vector<double> p(n), q(n);
  for (int i = 0; i < n; i++) {
    x[i] = (random.unit() - 0.5f) * 20;
    y[i] = (random.unit() - 0.5f) * 20;
    p[i] = x[i] + random.unit() * 1e-8;
    q[i] = y[i] + random.unit() * 1e-8;
  }
  x[0] = 1e-40f, y[0] = 3.0f, x[1] = 3e38f, y[1] = 0.1f, x[2] = 0.0f, y[2] = -2.0f;
  Device<float> dx(x), dy(y), o(12 * n);
  Device<double> dp(p), dq(q), od(7 * n);
  Verdict verdict("floats");
  singles<<<(n + 127) / 128, 128>>>(dx, dy, o, n);
  auto f = o.get();
  for (int i = 0; i < n; i++) {
    float a = x[i], b = y[i];
    verdict.expect(f[i] == a / b, "quotient", i);
    verdict.expect(f[n + i] == sqrtf(fabsf(a)), "root", i);
    verdict.expect(f[2 * n + i] == fmaf(a, b, -a), "fma", i);
    if (fabsf(a) < 100)
      verdict.expect(f[3 * n + i] == (float)(int)a + (float)(unsigned)fabsf(b) +
                                         (float)(long long)(a * 1e6f), "conversion", i);
    verdict.expect(f[4 * n + i] == floorf(a) + ceilf(b) + truncf(a) + rintf(b), "rounding", i);
    verdict.expect(f[5 * n + i] == fminf(a, b) - fmaxf(a, b), "extrema", i);
    double sum = (double)a + b, product = (double)a * b;
    float cut = (float)sum;
    if (fabs((double)cut) > fabs(sum)) cut = nextafterf(cut, 0);
    verdict.expect(f[6 * n + i] == cut, "sum towards zero", i);
    float up = (float)product;
    if (up < product) up = nextafterf(up, INFINITY);
    verdict.expect(f[7 * n + i] == up, "product upwards", i);
    if (i > 1) {
      double exact = product + 1;
      float down = (float)exact;
      if (down > exact) down = nextafterf(down, -INFINITY);
      verdict.expect(f[8 * n + i] == down, "fma downwards", i);
      verdict.expect(near(f[9 * n + i], sin((double)a) + cos((double)b), 1e-5, 1e-6), "sine", i);
      verdict.expect(near(f[10 * n + i], exp((double)a) + log(fabs((double)b) + 1e-3), 1e-5, 1e-5),
                     "exponential", i);
      verdict.expect(near(f[11 * n + i], pow(fabs((double)a) + 0.5, b * 0.1f) + tanh((double)a),
                          1e-5, 1e-5), "power", i);
    }
  }
  doubles<<<(n + 127) / 128, 128>>>(dp, dq, od, n);
  auto d = od.get();
  for (int i = 0; i < n; i++) {
    double a = p[i], b = q[i];
    verdict.expect(d[i] == a / b, "double quotient", i);
    verdict.expect(d[n + i] == sqrt(fabs(a)), "double root", i);
    verdict.expect(d[2 * n + i] == fma(a, b, -a), "double fma", i);
    verdict.expect(d[3 * n + i] == (double)(long long)(a * 1e6) +
                                       (double)(unsigned long long)fabs(b * 1e7), "double conversion", i);
    // What rounding lost, exactly (two-sum).
    double small = b * 1e-9, up = a + small, part = up - a;
    double lost = (a - (up - part)) + (small - part);
    if (lost > 0) up = nextafter(up, INFINITY);
    verdict.expect(d[4 * n + i] == up, "double sum upwards", i);
    verdict.expect(near(d[5 * n + i], exp(a) + sin(b), 1e-14, 1e-14), "double exponential", i);
    verdict.expect(d[6 * n + i] == fmin(a, b) + floor(a) + (double)(float)b, "double rest", i);
  }
  halves<<<(n + 127) / 128, 128>>>(dx, dy, o, n);
  f = o.get();
  for (int i = 3; i < n; i++) {
    float a = __half2float(__float2half(x[i])), b = __half2float(__float2half(y[i]));
    auto round = [](double v) { return (double)__half2float(__float2half((float)v)); };
    double low = round(round((double)a * b + round((double)a * a)) + std::max(a, -b));
    double high = round(round((double)b * a + round((double)b * b)) + std::max(b, -a));
    verdict.expect(near(f[i], low + high, 2e-3, 2e-2), "half", i);
    verdict.expect(f[n + i] == __half2float(__float2half_rz(x[i])) + (a > b ? 1 : 0), "half cut", i);
    verdict.expect(f[2 * n + i] == __bfloat162float(__float2bfloat16(x[i])) +
                                       __bfloat162float(__float2bfloat16(y[i])), "bfloat16", i);
  }
  return verdict.finish();
}
