// Integer division and remainder: 32 and 64 bits, signed and unsigned, by variables and by
// constants; wide products. The host computes the same expressions.
#include "check.h"

enum Word {
  quotient, remainder_, unsignedQuotient, unsignedRemainder, bySeven, byMinusThousand, byPower,
  unsignedByTen, modSixtyOne, high, unsignedHigh, absoluteDifference, words
};
enum Wide {
  wideQuotient, wideRemainder, wideUnsignedQuotient, wideUnsignedRemainder, wideProduct, wideByTen,
  wideHigh, wideShifts, mixedProduct, wides
};

__host__ __device__ void divide(int a, int b, long long c, long long d, int *w, long long *l) {
  unsigned ua = (unsigned)a, ub = (unsigned)b;
  unsigned long long uc = (unsigned long long)c, ud = (unsigned long long)d;
  w[quotient] = a / b;
  w[remainder_] = a % b;
  w[unsignedQuotient] = (int)(ua / ub);
  w[unsignedRemainder] = (int)(ua % ub);
  w[bySeven] = a / 7;
  w[byMinusThousand] = a / -1000 + a % -1000;
  w[byPower] = a / 64 + a % 64;
  w[unsignedByTen] = (int)(ua / 10);
  w[modSixtyOne] = (int)(ua % 61);
  w[absoluteDifference] = (int)(a > b ? ua - ub : ub - ua);
  l[wideQuotient] = c / d;
  l[wideRemainder] = c % d;
  l[wideUnsignedQuotient] = (long long)(uc / ud);
  l[wideUnsignedRemainder] = (long long)(uc % ud);
  l[wideProduct] = (long long)(uc * ud);
  l[wideByTen] = c / 10;
  l[wideShifts] = (long long)((uc << (ub & 63)) ^ (ud >> (ua & 63))) ^ (c >> (ua >> 6 & 63));
  l[mixedProduct] = (long long)a * b ^ (long long)((unsigned long long)ua * ub);
#ifdef __CUDA_ARCH__
  w[high] = __mulhi(a, b);
  w[unsignedHigh] = (int)__umulhi(ua, ub);
  l[wideHigh] = __mul64hi(c, d) ^ (long long)__umul64hi(uc, ud);
#else
  w[high] = (int)((long long)a * b >> 32);
  w[unsignedHigh] = (int)((unsigned long long)ua * ub >> 32);
  l[wideHigh] = (long long)((__int128)c * d >> 64) ^
                (long long)((unsigned __int128)uc * ud >> 64);
#endif
}

__global__ void divideAll(const int *a, const int *b, const long long *c, const long long *d,
                          int *out, long long *wideOut, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  int w[words];
  long long l[wides];
  divide(a[i], b[i], c[i], d[i], w, l);
  for (int j = 0; j < words; j++) out[j * n + i] = w[j];
  for (int j = 0; j < wides; j++) wideOut[j * n + i] = l[j];
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 2048);
  Generator random;
  std::vector<int> a(n), b(n), wanted(words * n);
  std::vector<long long> c(n), d(n), wideWanted(wides * n);
  auto wide = [&] { return (long long)((unsigned long long)random.word() << 32 | random.word()); };
  for (int i = 0; i < n; i++) {
    // Divisors of every length; never zero, nor -1, which the least dividend cannot bear.
    a[i] = (int)random.word() >> random.below(20);
    b[i] = (int)random.word() >> random.below(31) | 2;
    if (b[i] == -1) b[i] = 3;
    c[i] = wide() >> random.below(40);
    d[i] = wide() >> random.below(62) | 2;
    if (d[i] == -1) d[i] = 3;
  }
  a[0] = INT32_MIN, a[1] = INT32_MAX, a[2] = 0, c[0] = INT64_MIN, c[1] = INT64_MAX, c[2] = 0;
  for (int i = 0; i < n; i++) {
    int w[words];
    long long l[wides];
    divide(a[i], b[i], c[i], d[i], w, l);
    for (int j = 0; j < words; j++) wanted[j * n + i] = w[j];
    for (int j = 0; j < wides; j++) wideWanted[j * n + i] = l[j];
  }
  Device<int> da(a), db(b), out(words * n);
  Device<long long> dc(c), dd(d), wideOut(wides * n);
  Verdict verdict("integerdivision");
  divideAll<<<ceilDivide(n, 128), 128>>>(da, db, dc, dd, out, wideOut, n);
  verdict.equal(out.get(), wanted, "word");
  verdict.equal(wideOut.get(), wideWanted, "wide word");
  return verdict.finish();
}
