// The two kernels that train a layer of 65536 inputs and 16 hidden units, as in Rodinia's backprop.
// Structure and launches are the measured program's (see README.md); the code is our own.
//   layer forward | adjust [BLOCKS]
#include "check.h"

constexpr int side = 16;

// A block multiplies 16 x 16 weights with its 16 inputs and sums each column over a tree whose
// steps take a power and a logarithm each, as the original does.
__global__ void forward(const float *inputs, float *unused, float *weights, float *sums, int count,
                        int hidden) {
  int x = threadIdx.x, y = threadIdx.y;
  int at = (hidden + 1) * (side * blockIdx.y + y + 1) + x + 1;
  __shared__ float input[side];
  __shared__ float tile[side][side];
  if (x == 0) input[y] = inputs[side * blockIdx.y + y + 1];
  __syncthreads();
  tile[y][x] = weights[at];
  __syncthreads();
  tile[y][x] = tile[y][x] * input[y];
  __syncthreads();
  for (int step = 1; step <= __log2f(side); step++) {
    int power = __powf(2, step);
    if (y % power == 0) tile[y][x] = tile[y][x] + tile[y + power / 2][x];
    __syncthreads();
  }
  weights[at] = tile[y][x];
  __syncthreads();
  if (x == 0) sums[blockIdx.y * hidden + y] = tile[x][y];
}

// New weights from the errors, the inputs and the last change; the rates are double constants.
__global__ void adjust(float *errors, int hidden, float *inputs, int count, float *weights,
                       float *last) {
  int x = threadIdx.x, y = threadIdx.y;
  int at = (hidden + 1) * (side * blockIdx.y + y + 1) + x + 1;
  int from = side * blockIdx.y + y + 1, to = x + 1;
  weights[at] += 0.3 * errors[to] * inputs[from] + 0.3 * last[at];
  last[at] = 0.3 * errors[to] * inputs[from] + 0.3 * last[at];
  __syncthreads();
  if (y == 0 && blockIdx.y == 0) {
    weights[to] += 0.3 * errors[to] + 0.3 * last[to];
    last[to] = 0.3 * errors[to] + 0.3 * last[to];
  }
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "forward";
  bool first = !std::strcmp(what, "forward");
  int blocks = argument(argc, argv, 2, 4096), count = blocks * side, hidden = side;
  Verdict verdict(what);
  Generator random;
  std::vector<float> inputs(count + 1), weights((size_t)(count + 1) * (hidden + 1)),
      errors(hidden + 1), last(weights.size(), 0.5f);
  for (float &value : inputs) value = random.unit();
  for (float &value : weights) value = random.unit();
  for (float &value : errors) value = random.unit();
  Device<float> di(inputs), dw(weights);
  if (first) {
    Device<float> sums(blocks * hidden), unused(hidden + 1);
    forward<<<dim3(1, blocks), dim3(side, side)>>>(di, unused, dw, sums, count, hidden);
    std::vector<float> found = sums.get();
    for (int block = 0; block < blocks; block += 7)
      for (int x = 0; x < hidden; x++) {
        double sum = 0;
        for (int y = 0; y < side; y++) {
          int row = side * block + y + 1;
          sum += (double)inputs[row] * weights[(size_t)row * (hidden + 1) + x + 1];
        }
        verdict.expect(isNear(found[block * hidden + x], sum, 1e-4, 1e-4), "sum", block);
      }
  } else {
    Device<float> de(errors), dl(last);
    adjust<<<dim3(1, blocks), dim3(side, side)>>>(de, hidden, di, count, dw, dl);
    std::vector<float> found = dw.get();
    for (int row = 1; row <= count; row += 7)
      for (int x = 1; x <= hidden; x++) {
        size_t at = (size_t)row * (hidden + 1) + x;
        verdict.expect(isNear(found[at], weights[at] + 0.3 * errors[x] * inputs[row] + 0.15, 1e-4),
                       "weight", at);
      }
  }
  return verdict.finish();
}
