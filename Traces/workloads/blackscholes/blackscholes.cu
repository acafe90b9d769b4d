// Option prices by the formula of Black and Scholes: logarithms, exponentials, square roots and
// divisions. The cumulative normal distribution is Abramowitz and Stegun's 26.2.17.
#include "check.h"

constexpr float rate = 0.02f, volatility = 0.3f;

template <typename T>
__host__ __device__ T cumulative(T d) {
  using namespace std;
  T k = 1 / (1 + T(0.2316419) * fabs(d));
  T series = k * (T(0.319381530) +
                  k * (T(-0.356563782) +
                       k * (T(1.781477937) + k * (T(-1.821255978) + k * T(1.330274429)))));
  T tail = T(0.3989422804) * exp(T(-0.5) * d * d) * series;
  return d > 0 ? 1 - tail : tail;
}

template <typename T>
__host__ __device__ void price(T spot, T strike, T years, T &call, T &put) {
  using namespace std;
  T root = sqrt(years);
  T d1 = (log(spot / strike) + (rate + T(0.5) * volatility * volatility) * years) /
         (volatility * root);
  T d2 = d1 - volatility * root, discounted = strike * exp(-rate * years);
  call = spot * cumulative(d1) - discounted * cumulative(d2);
  put = discounted * cumulative(-d2) - spot * cumulative(-d1);
}

__global__ void prices(const float *spot, const float *strike, const float *years, float *call,
                       float *put, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    price(spot[i], strike[i], years[i], call[i], put[i]);
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 20000);
  Generator random;
  std::vector<float> spot(n), strike(n), years(n);
  std::vector<double> calls(n), puts(n);
  for (int i = 0; i < n; i++) {
    spot[i] = random.between(5, 30);
    strike[i] = random.between(1, 100);
    years[i] = random.between(0.25f, 10);
    price<double>(spot[i], strike[i], years[i], calls[i], puts[i]);
  }
  Device<float> dSpot(spot), dStrike(strike), dYears(years), dCall(n), dPut(n);
  Verdict verdict("blackscholes");
  prices<<<32, 128>>>(dSpot, dStrike, dYears, dCall, dPut, n);
  verdict.close(dCall.get(), calls, "call", 1e-5, 1e-4);
  verdict.close(dPut.get(), puts, "put", 1e-5, 1e-4);
  return verdict.finish();
}
