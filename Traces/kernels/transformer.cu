// The kernels of a small transformer's forward pass, as a profiler has counted them on an RTX 3080
// Ti: 512 tokens of 768 values, 12 heads of 64, 3072 values between. Structure and launches are
// the measured program's (see README.md); the code is our own.
//   transformer scores HEADS... | softmax ROWS... | context [HEADS]
//   transformer product COLUMNS PITCH BLOCK-ROWS DEPTH...
// Lists make a launch for each. The last cuts sums to DEPTH of PITCH products, and launches the
// first BLOCK-ROWS of 32 rows of blocks.
#include "check.h"

constexpr int tokens = 512, headSize = 64, side = 16;

// Products of all pairs of rows of two matrices, a head a layer of the grid.
__global__ void scores(const float *queries, const float *keys, float *out, int count, int size,
                       int heads) {
  __shared__ float queryRows[side][headSize];
  __shared__ float keyRows[side][headSize + 1];
  int head = blockIdx.z;
  int row = blockIdx.y * side + threadIdx.y, column = blockIdx.x * side + threadIdx.x;
  int keyRow = blockIdx.x * side + threadIdx.y;
  if (row < count && head < heads)
    for (int i = threadIdx.x; i < size; i += side)
      queryRows[threadIdx.y][i] = queries[(head * count + row) * size + i];
  if (keyRow < count && head < heads)
    for (int i = threadIdx.x; i < size; i += side)
      keyRows[threadIdx.y][i] = keys[(head * count + keyRow) * size + i];
  __syncthreads();
  if (row < count && column < count && head < heads) {
    float sum = 0;
#pragma unroll
    for (int i = 0; i < headSize; i++) sum += queryRows[threadIdx.y][i] * keyRows[threadIdx.x][i];
    out[head * count * count + row * count + column] = sum / sqrtf((float)size);
  }
}

// A block makes a row into shares: greatest value, exponentials and their sum, division.
__global__ void softmax(float *rows, int count, int columns) {
  extern __shared__ float parts[];
  if (blockIdx.x >= count) return;
  float *row = rows + blockIdx.x * columns;
  float greatest = -1e38f;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) greatest = fmaxf(greatest, row[i]);
  parts[threadIdx.x] = greatest;
  __syncthreads();
  for (int half = blockDim.x / 2; half > 0; half >>= 1) {
    if (threadIdx.x < half)
      parts[threadIdx.x] = fmaxf(parts[threadIdx.x], parts[threadIdx.x + half]);
    __syncthreads();
  }
  greatest = parts[0];
  // The measured program reads the greatest value and overwrites it without this barrier.
  __syncthreads();
  float sum = 0;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) {
    row[i] = expf(row[i] - greatest);
    sum += row[i];
  }
  parts[threadIdx.x] = sum;
  __syncthreads();
  for (int half = blockDim.x / 2; half > 0; half >>= 1) {
    if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
    __syncthreads();
  }
  sum = parts[0];
  for (int i = threadIdx.x; i < columns; i += blockDim.x) row[i] /= sum;
}

// Shares times values, straight from global memory.
__global__ void context(const float *shares, const float *values, float *out, int count, int size,
                        int heads) {
  int head = blockIdx.z;
  int row = blockIdx.y * blockDim.y + threadIdx.y, column = blockIdx.x * blockDim.x + threadIdx.x;
  if (row < count && column < size && head < heads) {
    int left = head * count * count + row * count, right = head * count * size;
    float sum = 0;
    for (int i = 0; i < count; i++) sum += shares[left + i] * values[right + i * size + column];
    out[head * count * size + row * size + column] = sum;
  }
}

// A matrix product by tiles of 16 x 16. `depth` products of the `pitch` in a row of A.
__global__ void product(const float *a, const float *b, float *c, int rows, int columns, int depth,
                        int pitch) {
  __shared__ float as[side][side], bs[side][side];
  int row = blockIdx.y * side + threadIdx.y, column = blockIdx.x * side + threadIdx.x;
  float sum = 0;
  for (int tile = 0; tile < (depth + side - 1) / side; tile++) {
    int x = tile * side + threadIdx.x, y = tile * side + threadIdx.y;
    as[threadIdx.y][threadIdx.x] = row < rows && x < depth ? a[row * pitch + x] : 0;
    bs[threadIdx.y][threadIdx.x] = y < depth && column < columns ? b[y * columns + column] : 0;
    __syncthreads();
    for (int i = 0; i < side; i++) sum += as[threadIdx.y][i] * bs[i][threadIdx.x];
    __syncthreads();
  }
  if (row < rows && column < columns) c[row * columns + column] = sum;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "softmax";
  auto is = [&](const char *name) { return !std::strcmp(what, name); };
  Verdict verdict(what);
  Generator random;
  auto filled = [&](size_t count) {
    std::vector<float> values(count);
    for (float &value : values) value = random.between(-0.05f, 0.05f);
    return values;
  };
  if (is("scores")) {
    std::vector<float> q = filled(12 * tokens * headSize), k = filled(q.size());
    Device<float> dq(q), dk(k), out((size_t)12 * tokens * tokens);
    for (int n = 2; n < argc; n++) {
      int heads = argument(argc, argv, n, 12);
      scores<<<dim3(tokens / side, tokens / side, heads), dim3(side, side)>>>(dq, dk, out, tokens,
                                                                             headSize, heads);
      std::vector<float> found = out.get();
      for (size_t i = 0; i < (size_t)heads * tokens * tokens; i += 997) {
        size_t head = i / tokens / tokens, row = i / tokens % tokens, column = i % tokens;
        double sum = 0;
        for (int j = 0; j < headSize; j++)
          sum += (double)q[(head * tokens + row) * headSize + j] *
                 k[(head * tokens + column) * headSize + j];
        verdict.expect(isNear(found[i], sum / 8, 1e-4, 1e-6), "score", i);
      }
    }
  } else if (is("softmax")) {
    for (int n = 2; n < argc; n++) {
      int rows = argument(argc, argv, n, 12 * tokens);
      Device<float> device(std::vector<float>((size_t)rows * tokens, 0.25f));
      softmax<<<rows, 256, 1024>>>(device, rows, tokens);
      for (float share : device.get()) verdict.expect(isNear(share, 1.0 / tokens, 1e-5), "share");
    }
  } else if (is("context")) {
    int heads = argument(argc, argv, 2, 12);
    std::vector<float> shares = filled((size_t)heads * tokens * tokens);
    std::vector<float> values = filled(heads * tokens * headSize);
    Device<float> ds(shares), dv(values), out(values.size());
    context<<<dim3(headSize / side, tokens / side, heads), dim3(side, side)>>>(ds, dv, out, tokens,
                                                                              headSize, heads);
    std::vector<float> found = out.get();
    for (size_t i = 0; i < found.size(); i += 97) {
      size_t head = i / headSize / tokens, row = i / headSize % tokens, column = i % headSize;
      double sum = 0;
      for (int j = 0; j < tokens; j++)
        sum += (double)shares[(head * tokens + row) * tokens + j] *
               values[(head * tokens + j) * headSize + column];
      verdict.expect(isNear(found[i], sum, 1e-4, 1e-5), "context", i);
    }
  } else if (is("product")) {
    int columns = argument(argc, argv, 2, 768), pitch = argument(argc, argv, 3, 768);
    std::vector<float> a = filled((size_t)tokens * pitch), b = filled((size_t)pitch * columns);
    Device<float> da(a), db(b), dc((size_t)tokens * columns);
    int blockRows = argument(argc, argv, 4, 32);
    for (int n = 5; n < argc; n++) {
      int depth = argument(argc, argv, n, pitch);
      product<<<dim3(columns / side, blockRows), dim3(side, side)>>>(da, db, dc, tokens, columns,
                                                                    depth, pitch);
      std::vector<float> found = dc.get();
      for (size_t i = 0; i < (size_t)blockRows * side * columns; i += 997) {
        size_t row = i / columns, column = i % columns;
        double sum = 0;
        for (int j = 0; j < depth; j++)
          sum += (double)a[row * pitch + j] * b[(size_t)j * columns + column];
        verdict.expect(isNear(found[i], sum, 1e-4, 1e-5), "product", i);
      }
    }
  } else {
    verdict.expect(false, "known kernel");
  }
  return verdict.finish();
}
