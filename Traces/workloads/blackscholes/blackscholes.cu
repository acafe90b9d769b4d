// Option prices by the Black-Scholes formula.
#include "check.h"

__host__ __device__ inline float cumulative(float d) {
  float k = 1.0f / (1.0f + 0.2316419f * fabsf(d));
  float tail = 0.39894228f * expf(-0.5f * d * d) *
               (k * (0.31938153f +
                     k * (-0.356563782f +
                          k * (1.781477937f + k * (-1.821255978f + k * 1.330274429f)))));
  return d > 0 ? 1.0f - tail : tail;
}

__host__ __device__ inline void price(float s, float x, float t, float r, float v, float *call,
                                      float *put) {
  float root = sqrtf(t), d1 = (logf(s / x) + (r + 0.5f * v * v) * t) / (v * root),
        d2 = d1 - v * root, discount = expf(-r * t);
  *call = s * cumulative(d1) - x * discount * cumulative(d2);
  *put = x * discount * cumulative(-d2) - s * cumulative(-d1);
}

__global__ void prices(const float *s, const float *x, const float *t, float *call, float *put,
                       int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    price(s[i], x[i], t[i], 0.02f, 0.3f, &call[i], &put[i]);
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 20000);
  Generator random;
  std::vector<float> s(n), x(n), t(n);
  for (int i = 0; i < n; i++) {
    s[i] = 5 + 25 * random.unit();
    x[i] = 1 + 99 * random.unit();
    t[i] = 0.25f + 9.75f * random.unit();
  }
  Device<float> ds(s), dx(x), dt(t), dc(n), dp(n);
  prices<<<32, 128>>>(ds, dx, dt, dc, dp, n);
  auto calls = dc.get(), puts = dp.get();
  Verdict verdict("blackscholes");
  for (int i = 0; i < n; i++) {
    float call, put;
    price(s[i], x[i], t[i], 0.02f, 0.3f, &call, &put);
    verdict.expect(near(calls[i], call, 1e-4, 1e-4) && near(puts[i], put, 1e-4, 1e-4), "price", i);
  }
  return verdict.finish();
}
