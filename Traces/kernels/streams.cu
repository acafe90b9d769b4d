// Sums of long vectors, memory-bound, with the launches of measured programs (see README.md).
//   streams scaled BLOCK-SIZE ELEMENTS...     s = a x + y, an element a thread; a launch each
//   streams sum ELEMENTS...                   c = a + b, blocks of 256
#include "check.h"

__global__ void scaled(float a, const float *__restrict__ x, const float *__restrict__ y,
                       float *__restrict__ s, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  float left = x[i], right = y[i];
  s[i] = a * left + right;
}

__global__ void sum(const float *a, const float *b, float *c, unsigned long count) {
  size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) c[i] = a[i] + b[i];
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "sum";
  auto is = [&](const char *name) { return !std::strcmp(what, name); };
  int own = is("sum") ? 2 : 3, most = 0;
  for (int i = own; i < argc; i++) most = std::max(most, argument(argc, argv, i, 0));
  Verdict verdict(what);
  Device<float> a(std::vector<float>(most, 1)), b(std::vector<float>(most, 2)), c(most);
  for (int i = own; i < argc; i++) {
    int count = argument(argc, argv, i, 0), size = argument(argc, argv, 2, 256);
    c.clear();
    if (is("scaled"))
      scaled<<<ceilDivide(count, size), size>>>(2.5f, a, b, c, count);
    else
      sum<<<ceilDivide(count, 256), 256>>>(a, b, c, count);
    std::vector<float> found = c.get();
    for (int j = 0; j < most; j++)
      verdict.expect(found[j] == (j < count ? is("scaled") ? 4.5f : 3 : 0), "sum", j);
  }
  return verdict.finish();
}
