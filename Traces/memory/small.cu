// Small kernels whose cycles a profiler has counted on real cards. Every launch starts with what
// the caches hold; the profiler empties them first, and so does a trace with one launch.
//   small empty [THREADS] | store | add BLOCKS | residual | normalize | distance
#include "timed.h"

__global__ void empty() {}

__global__ void store(float *out) { out[threadIdx.x] = 1.0f; }

__global__ void add(const float *a, const float *b, float *c, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) c[i] = a[i] + b[i];
}

__global__ void addInPlace(float *a, const float *b, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) a[i] += b[i];
}

// Each block centres and scales a row in place: two sums over a tree in shared memory.
__global__ void normalize(float *rows, int count, int columns) {
  extern __shared__ float parts[];
  if (blockIdx.x >= count) return;
  float *row = rows + blockIdx.x * columns;
  auto sum = [&](float part) {
    parts[threadIdx.x] = part;
    __syncthreads();
    for (int half = blockDim.x / 2; half > 0; half >>= 1) {
      if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
      __syncthreads();
    }
    float whole = parts[0];
    __syncthreads();
    return whole;
  };
  float part = 0;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) part += row[i];
  float mean = sum(part) / columns;
  part = 0;
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    part += (row[i] - mean) * (row[i] - mean);
  float scale = rsqrtf(sum(part) / columns + 1e-5f);
  for (int i = threadIdx.x; i < columns; i += blockDim.x) row[i] = (row[i] - mean) * scale;
}

// The distance of each place from one place, sixteen threads a block.
__global__ void distance(const float2 *places, float *out, int count, float x, float y) {
  int i = blockDim.x * (gridDim.x * blockIdx.y + blockIdx.x) + threadIdx.x;
  if (i < count) {
    float2 place = places[i];
    out[i] = sqrtf((x - place.x) * (x - place.x) + (y - place.y) * (y - place.y));
  }
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "empty";
  auto is = [&](const char *name) { return !std::strcmp(what, name); };
  Verdict verdict(what);
  if (is("empty")) {
    empty<<<1, argument(argc, argv, 2, 1)>>>();
  } else if (is("store")) {
    Device<float> out(32);
    store<<<1, 32>>>(out);
    verdict.expect(out.get()[31] == 1, "value");
  } else if (is("add")) {
    int blocks = argument(argc, argv, 2, 1), count = blocks * 256;
    Device<float> a(std::vector<float>(count, 1)), b(std::vector<float>(count, 2)), c(count);
    add<<<blocks, 256>>>(a, b, c, count);
    verdict.expect(c.get()[count - 1] == 3, "sum");
  } else if (is("residual")) {
    int count = 1536 * 256;
    Device<float> a(std::vector<float>(count, 1)), b(std::vector<float>(count, 2));
    addInPlace<<<1536, 256>>>(a, b, count);
    verdict.expect(a.get()[count - 1] == 3, "sum");
  } else if (is("normalize")) {
    std::vector<float> rows(512 * 768);
    for (size_t i = 0; i < rows.size(); i++) rows[i] = i % 2 ? 3.0f : -1.0f;
    Device<float> device(rows);
    normalize<<<512, 256, 1024>>>(device, 512, 768);
    verdict.expect(isNear(device.get()[1], 1, 1e-4), "scaled");
  } else if (is("distance")) {
    int count = 938 * 16;
    Device<float2> places(std::vector<float2>(count, {3, 4}));
    Device<float> out(count);
    distance<<<938, 16>>>(places, out, count, 0, 0);
    verdict.expect(out.get()[count - 1] == 5, "distance");
  } else {
    std::printf("small: there is no '%s'\n", what);
    return 2;
  }
  return verdict.finish();
}
