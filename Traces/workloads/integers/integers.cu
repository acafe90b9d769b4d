// Integer division, 64-bit arithmetic, dot products and bit operations.
#include "check.h"

struct Results {
  int quotient, remainder, dot, absolute, shifted, permuted, clamped, high;
  unsigned unsignedQuotient, sad, funnel;
  long long wideQuotient, wideProduct, wideShift;
  unsigned long long wideRemainder, wideHigh;
};

__host__ __device__ int dot4(int a, int b, int c) {
#ifdef __CUDA_ARCH__
  return __dp4a(a, b, c);
#else
  for (int i = 0; i < 4; i++) c += (signed char)(a >> 8 * i) * (signed char)(b >> 8 * i);
  return c;
#endif
}

__host__ __device__ int permute(int a, int b, int s) {
#ifdef __CUDA_ARCH__
  return __byte_perm(a, b, s);
#else
  unsigned long long pair = (unsigned long long)(unsigned)b << 32 | (unsigned)a;
  unsigned result = 0;
  for (int i = 0; i < 4; i++) result |= (unsigned)(pair >> (s >> 4 * i & 7) * 8 & 255) << 8 * i;
  return (int)result;
#endif
}

__host__ __device__ Results compute(int a, int b, long long c, long long d) {
  Results r;
  r.quotient = a / b;
  r.remainder = a % b;
  r.unsignedQuotient = (unsigned)a / (unsigned)b;
  r.wideQuotient = c / d;
  r.wideRemainder = (unsigned long long)c % (unsigned long long)d;
  r.wideProduct = c * d;
  r.wideShift = (c >> (b & 63)) ^ (d << (a & 63));
  r.dot = dot4(a, b, a ^ b);
  r.absolute = (a < 0 ? -a : a) + (b < 0 ? -b : b);
  r.shifted = (a << (b & 31)) ^ (int)((unsigned)a >> (b & 15)) ^ (a >> (b & 7));
  r.permuted = permute(a, b, 0x6240);
  r.clamped = min(max(a, -1000), b & 0xffff);
#ifdef __CUDA_ARCH__
  r.high = __mulhi(a, b);
  r.wideHigh = __umul64hi(c, d);
  r.sad = __sad(a, b, 17u);
  r.funnel = __funnelshift_l(a, b, a >> 5);
#else
  r.high = (int)((long long)a * b >> 32);
  r.wideHigh = (unsigned long long)((unsigned __int128)(unsigned long long)c *
                                    (unsigned long long)d >> 64);
  r.sad = (unsigned)(a > b ? a - b : b - a) + 17u;
  int s = a >> 5 & 31;
  r.funnel = s ? (unsigned)b << s | (unsigned)a >> (32 - s) : (unsigned)b;
#endif
  return r;
}

__global__ void kernel(const int *a, const int *b, const long long *c, const long long *d,
                       Results *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = compute(a[i], b[i], c[i], d[i]);
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 2000);
  Generator random;
  std::vector<int> a(n), b(n);
  std::vector<long long> c(n), d(n);
  for (int i = 0; i < n; i++) {
    a[i] = (int)random.next() / 2;
    b[i] = ((int)random.next() / 2) >> random.below(24) | 1;
    c[i] = (long long)random.next() << 32 | random.next();
    d[i] = ((long long)random.next() << 32 | random.next()) >> random.below(60) | 1;
  }
  Device<int> da(a), db(b);
  Device<long long> dc(c), dd(d);
  Device<Results> out(n);
  kernel<<<(n + 127) / 128, 128>>>(da, db, dc, dd, out, n);
  auto found = out.get();
  Verdict verdict("integers");
  for (int i = 0; i < n; i++) {
    Results w = compute(a[i], b[i], c[i], d[i]), f = found[i];
#define SAME(member) verdict.expect(f.member == w.member, #member, i)
    SAME(quotient), SAME(remainder), SAME(dot), SAME(absolute), SAME(shifted), SAME(permuted);
    SAME(clamped), SAME(high), SAME(unsignedQuotient), SAME(sad), SAME(funnel);
    SAME(wideQuotient), SAME(wideProduct), SAME(wideShift), SAME(wideRemainder), SAME(wideHigh);
  }
  return verdict.finish();
}
