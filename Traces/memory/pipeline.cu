// A product of matrices whose tiles come by asynchronous copies, one, two or four tiles ahead:
// the same blocks do the same arithmetic on the same data, and only the waiting differs.
//   pipeline STAGES [DEPTH]    256 x 256 results, DEPTH (512) products each
// Needs sm_80.
#include "timed.h"

constexpr int side = 64, slice = 16, threads = 256;

__device__ __forceinline__ void copyAsync(float *to, const float *from) {
  uint32_t address = (uint32_t)__cvta_generic_to_shared(to);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(address), "l"(from) : "memory");
}

__device__ __forceinline__ void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

template <int pending>
__device__ __forceinline__ void wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

// a is transposed: depth rows of `size`; so is b, and c has `size` rows and columns.
template <int stages>
__global__ __launch_bounds__(threads) void multiply(const float *a, const float *b, float *c,
                                                    int size, int depth, uint64_t *start,
                                                    uint64_t *end) {
  __shared__ float tileA[stages][slice][side], tileB[stages][slice][side];
  int thread = threadIdx.x, tiles = depth / slice;
  int row = thread / 16, column = thread % 16 * 4;
  const float *fromA = a + row * size + blockIdx.y * side + column;
  const float *fromB = b + row * size + blockIdx.x * side + column;
  auto fetch = [&](int tile) {
    if (tile < tiles) {
      copyAsync(&tileA[tile % stages][row][column], fromA + (size_t)tile * slice * size);
      copyAsync(&tileB[tile % stages][row][column], fromB + (size_t)tile * slice * size);
    }
    commit();
  };

  uint64_t began = readClock();
  for (int tile = 0; tile < stages - 1; tile++) fetch(tile);
  float sums[4][4] = {};
  for (int tile = 0; tile < tiles; tile++) {
    // With one stage the copy starts here and is waited for at once.
    if constexpr (stages == 1) fetch(tile);
    wait<stages == 1 ? 0 : stages - 2>();
    __syncthreads();
    if constexpr (stages > 1) fetch(tile + stages - 1);
#pragma unroll
    for (int k = 0; k < slice; k++) {
      float4 u = *(const float4 *)&tileA[tile % stages][k][row * 4];
      float4 v = *(const float4 *)&tileB[tile % stages][k][column];
      float left[4] = {u.x, u.y, u.z, u.w}, right[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
      for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < 4; j++) sums[i][j] += left[i] * right[j];
    }
    if constexpr (stages == 1) __syncthreads();
  }
  uint64_t ended = readClock();
  for (int i = 0; i < 4; i++)
    *(float4 *)&c[(size_t)(blockIdx.y * side + row * 4 + i) * size + blockIdx.x * side + column] =
        make_float4(sums[i][0], sums[i][1], sums[i][2], sums[i][3]);
  int place = (blockIdx.y * gridDim.x + blockIdx.x) * threads + thread;
  start[place] = began;
  end[place] = ended;
}

int main(int argc, char **argv) {
  int stages = argument(argc, argv, 1, 2), depth = argument(argc, argv, 2, 512), size = 256;
  std::vector<float> a(depth * size), b(depth * size), wanted(size * size, 0.0f);
  Generator random;
  for (float &value : a) value = random.between(-1, 1);
  for (float &value : b) value = random.between(-1, 1);
  for (int k = 0; k < depth; k++)
    for (int i = 0; i < size; i++)
      for (int j = 0; j < size; j++)
        wanted[i * size + j] = std::fma(a[k * size + i], b[k * size + j], wanted[i * size + j]);

  Device<float> deviceA(a), deviceB(b), c(size * size);
  dim3 grid(size / side, size / side);
  Stamps stamps(grid.x * grid.y * threads);
  auto run = [&](auto kernel) {
    kernel<<<grid, threads>>>(deviceA, deviceB, c, size, depth, stamps.start, stamps.end);
  };
  if (stages == 1)
    run(multiply<1>);
  else if (stages == 2)
    run(multiply<2>);
  else
    run(multiply<4>);
  Verdict verdict("pipeline");
  verdict.equal(c.get(), wanted, "product");
  stamps.report("pipeline");
  return verdict.finish();
}
