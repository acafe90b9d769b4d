// Half-precision matrix products on tensor cores: C = A B on row-major 4096 x 4096 matrices, tiles
// through a ring of asynchronous copies into swizzled shared memory, fragments read one step ahead.
//   tensor KERNEL BLOCKS DEPTH [BLOCKS DEPTH]...
// KERNEL: f32-128, f32-256, f16-128, f16-256 (how sums are kept, a tile's width). For each pair it
// launches the first BLOCKS blocks of the whole product's grid, with sums cut to DEPTH products.
// Needs sm_80.
#include "check.h"
#include "tensor.h"

// Two halves in each register of the sums.
__device__ __forceinline__ void multiply(uint32_t (&d)[2], const uint32_t (&a)[4], uint32_t b0,
                                         uint32_t b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 {%0, %1}, {%2, %3, %4, %5}, {%6, %7}, "
      "{%0, %1};"
      : "+r"(d[0]), "+r"(d[1])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ __forceinline__ __half2 pair(const float (&sums)[4], int row) {
  return __floats2half2_rn(sums[row * 2], sums[row * 2 + 1]);
}

__device__ __forceinline__ __half2 pair(const uint32_t (&sums)[2], int row) {
  return *(const __half2 *)&sums[row];
}

struct Product {
  const __half *a, *b;
  __half *c;
  int depth;  // products in a sum
  int pitch;  // halves from row to row
  int across; // blocks in a row of blocks
};

// `Sums`: the registers of a 16 x 8 piece; `stages`: tiles in the ring.
template <typename Sums, int width, int stages>
struct Shape {
  static constexpr int height = 128, deep = 32, threads = 256;
  // Eight warps, two down, four over.
  static constexpr int warpHeight = height / 2, warpWidth = width / 4;
  static constexpr int down = warpHeight / 16, over = warpWidth / 8;
  static constexpr int halvesA = height * deep, halvesB = deep * width;
  static constexpr int bytes = stages * (halvesA + halvesB) * 2;

  // Where eight halves lie: their 16 bytes change places within a row so that eight rows below each
  // other touch all banks once.
  __device__ static int placeA(int row, int eight) {
    return row * deep + (eight ^ row / 2 % 4) * 8;
  }
  __device__ static int placeB(int row, int eight) { return row * width + (eight ^ row % 8) * 8; }

  __device__ static void fetch(__half *as, __half *bs, const __half *a, const __half *b,
                               int pitch) {
#pragma unroll
    for (int i = 0; i < halvesA / 8; i += threads) {
      int at = i + threadIdx.x, row = at / (deep / 8), eight = at % (deep / 8);
      copyAsync(&as[placeA(row, eight)], &a[row * pitch + eight * 8]);
    }
#pragma unroll
    for (int i = 0; i < halvesB / 8; i += threads) {
      int at = i + threadIdx.x, row = at / (width / 8), eight = at % (width / 8);
      copyAsync(&bs[placeB(row, eight)], &b[row * pitch + eight * 8]);
    }
  }
};

template <typename Sums, int width, int stages>
__global__ __launch_bounds__(256) void product(Product p) {
  using S = Shape<Sums, width, stages>;
  extern __shared__ __align__(128) __half ring[];
  __half *as = ring, *bs = ring + stages * S::halvesA;
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  int warpY = warp / 4 * S::warpHeight, warpX = warp % 4 * S::warpWidth;
  int blockX = blockIdx.x % p.across * width, blockY = blockIdx.x / p.across * S::height;
  const __half *a = p.a + (size_t)blockY * p.pitch, *b = p.b + blockX;

  Sums sums[S::down][S::over] = {};
  uint32_t left[2][S::down][4], right[2][S::over / 2][4];
  auto read = [&](int buffer, int stage, int k) {
    const __half *tileA = as + stage * S::halvesA, *tileB = bs + stage * S::halvesB;
#pragma unroll
    for (int i = 0; i < S::down; i++)
      loadMatrices(left[buffer][i],
                   &tileA[S::placeA(warpY + i * 16 + lane % 16, k / 8 + lane / 16)]);
#pragma unroll
    for (int i = 0; i < S::over / 2; i++)
      loadTransposed(right[buffer][i],
                     &tileB[S::placeB(k + lane % 16, (warpX + i * 16) / 8 + lane / 16)]);
  };

  int tiles = p.depth / S::deep;
#pragma unroll
  for (int tile = 0; tile < stages - 1; tile++) {
    if (tile < tiles)
      S::fetch(as + tile * S::halvesA, bs + tile * S::halvesB, a + tile * S::deep,
               b + (size_t)tile * S::deep * p.pitch, p.pitch);
    closeGroup();
  }
  a += (stages - 1) * S::deep;
  b += (size_t)(stages - 1) * S::deep * p.pitch;
  waitGroups<stages - 2>();
  __syncthreads();
  read(0, 0, 0);
  int stage = 0, filled = stages - 1;
  for (int tile = 0; tile < tiles; tile++) {
    if (tile + stages - 1 < tiles)
      S::fetch(as + filled * S::halvesA, bs + filled * S::halvesB, a, b, p.pitch);
    closeGroup();
    a += S::deep;
    b += (size_t)S::deep * p.pitch;
    filled = filled + 1 == stages ? 0 : filled + 1;
#pragma unroll
    for (int step = 0; step < S::deep / 16; step++) {
      if (step + 1 < S::deep / 16) {
        read((step + 1) % 2, stage, (step + 1) * 16);
      } else {
        // The next tile has come for everybody, and this one has been read by everybody.
        waitGroups<stages - 2>();
        __syncthreads();
        stage = stage + 1 == stages ? 0 : stage + 1;
        read((step + 1) % 2, stage, 0);
      }
#pragma unroll
      for (int y = 0; y < S::down; y++)
#pragma unroll
        for (int x = 0; x < S::over; x++)
          multiply(sums[y][x], left[step % 2][y], right[step % 2][x / 2][x % 2 * 2],
                   right[step % 2][x / 2][x % 2 * 2 + 1]);
    }
  }

  // Through shared memory, half of the rows at a time, so that stores are 16 bytes a lane.
  waitGroups<0>();
  constexpr int rowLength = width + 8;
#pragma unroll
  for (int part = 0; part < 2; part++) {
    __syncthreads();
    if (warp / 4 == part)
#pragma unroll
      for (int y = 0; y < S::down; y++)
#pragma unroll
        for (int x = 0; x < S::over; x++)
#pragma unroll
          for (int row = 0; row < 2; row++)
            *(__half2 *)&ring[(y * 16 + lane / 4 + row * 8) * rowLength + warpX + x * 8 +
                              lane % 4 * 2] = pair(sums[y][x], row);
    __syncthreads();
    for (int i = threadIdx.x; i < S::warpHeight * width / 8; i += S::threads) {
      int row = i / (width / 8), eight = i % (width / 8);
      *(uint4 *)&p.c[(size_t)(blockY + part * S::warpHeight + row) * p.pitch + blockX + eight * 8] =
          *(const uint4 *)&ring[row * rowLength + eight * 8];
    }
  }
}

using Single = float[4];
using Half = uint32_t[2];

struct Kernel {
  const char *name;
  void (*function)(Product);
  int width, bytes;
};

template <typename Sums, int width, int stages>
constexpr Kernel make(const char *name) {
  return {name, product<Sums, width, stages>, width, Shape<Sums, width, stages>::bytes};
}

const Kernel kernels[] = {
    make<Single, 128, 3>("f32-128"),
    make<Single, 256, 3>("f32-256"),
    make<Half, 128, 3>("f16-128"),
    make<Half, 256, 3>("f16-256"),
};

int main(int argc, char **argv) {
  const Kernel *kernel = nullptr;
  for (const Kernel &one : kernels)
    if (argc > 1 && !std::strcmp(argv[1], one.name)) kernel = &one;
  if (!kernel || argc < 4 || argc % 2) {
    std::printf("usage: tensor KERNEL BLOCKS DEPTH [BLOCKS DEPTH]...\n");
    return 64;
  }
  const int side = 4096, height = 128, width = kernel->width, across = side / width;
  CHECK(cudaFuncSetAttribute((const void *)kernel->function,
                             cudaFuncAttributeMaxDynamicSharedMemorySize, kernel->bytes));
  Generator random;
  std::vector<__half> a((size_t)side * side), b(a.size());
  for (size_t i = 0; i < a.size(); i++) {
    a[i] = __float2half(random.between(-1, 1));
    b[i] = __float2half(random.between(-1, 1));
  }
  Device<__half> da(a), db(b), dc(a.size());
  Verdict verdict("tensor");
  for (int i = 2; i + 1 < argc; i += 2) {
    int blocks = argument(argc, argv, i, 1), depth = argument(argc, argv, i + 1, 64);
    kernel->function<<<blocks, 256, kernel->bytes>>>(Product{da, db, dc, depth, side, across});
    std::vector<__half> found = dc.get();
    // Half-precision sums are rounded after every sixteen products.
    double allowed = (kernel->name[1] == '1' ? 0.02 : 0.003) * std::sqrt(depth);
    for (int block = 0; block < blocks; block++)
      for (int sample = 0; sample < 16; sample++) {
        int y = block / across * height + random.below(height);
        int x = block % across * width + random.below(width);
        double wanted = 0;
        for (int k = 0; k < depth; k++)
          wanted += (double)__half2float(a[(size_t)y * side + k]) *
                    __half2float(b[(size_t)k * side + x]);
        verdict.expect(isNear(__half2float(found[(size_t)y * side + x]), wanted, 2e-3, allowed),
                       kernel->name, (long)y * side + x);
      }
  }
  return verdict.finish();
}
