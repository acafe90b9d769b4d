// Single-precision matrix products, each a step better than the last: C = alpha A B + beta C on
// square row-major matrices. The steps, tiles and launch shapes are those of a public ladder that
// was timed on an RTX A6000 (see README.md); the code is our own. Indices are unsigned where they
// are in the timed kernels: compilers make other address arithmetic of signed ones.
//   ladder KERNEL BLOCKS DEPTH [BLOCKS DEPTH]...
// launches, for each pair, the first BLOCKS blocks of the whole product's grid, with sums cut to
// DEPTH products. `whole SIDE` instead of the pairs computes a product of that side completely.
#include <climits>

#include "check.h"

struct Product {
  const float *a, *b;
  float *c;
  int depth;  // products in a sum
  int pitch;  // floats from row to row
  int across; // blocks along the grid's first dimension
  float alpha, beta;
};

// Which part of the output a block makes: grids are launched flat, in the order of the original.
struct Tile {
  unsigned x, y;
  __device__ explicit Tile(int across) : x(blockIdx.x % across), y(blockIdx.x / across) {}
};

__device__ __forceinline__ void finish(float *out, float sum, float alpha, float beta) {
  *out = alpha * sum + beta * *out;
}

__device__ __forceinline__ void finish4(float *out, const float *sums, float alpha, float beta) {
  float4 old = *(const float4 *)out;
  old.x = alpha * sums[0] + beta * old.x;
  old.y = alpha * sums[1] + beta * old.y;
  old.z = alpha * sums[2] + beta * old.z;
  old.w = alpha * sums[3] + beta * old.w;
  *(float4 *)out = old;
}

// One output a thread. Lanes of a warp stand in a column, so each reads a row of A of its own.
__global__ void naive(Product p) {
  Tile tile(p.across);
  unsigned row = tile.x * 32 + threadIdx.x, column = tile.y * 32 + threadIdx.y;
  float sum = 0;
  for (unsigned k = 0; k < p.depth; k++) sum += p.a[row * p.pitch + k] * p.b[k * p.pitch + column];
  finish(&p.c[row * p.pitch + column], sum, p.alpha, p.beta);
}

// The same with the lanes of a warp in a row.
__global__ void coalesced(Product p) {
  Tile tile(p.across);
  int row = tile.x * 32 + threadIdx.x / 32, column = tile.y * 32 + threadIdx.x % 32;
  float sum = 0;
  for (unsigned k = 0; k < p.depth; k++) sum += p.a[row * p.pitch + k] * p.b[k * p.pitch + column];
  finish(&p.c[row * p.pitch + column], sum, p.alpha, p.beta);
}

// Tiles of 32 x 32 in shared memory.
__global__ void shared(Product p) {
  Tile tile(p.across);
  __shared__ float as[32 * 32], bs[32 * 32];
  unsigned row = threadIdx.x / 32, column = threadIdx.x % 32;
  const float *a = p.a + tile.x * 32 * p.pitch, *b = p.b + tile.y * 32;
  float sum = 0;
  for (unsigned k = 0; k < p.depth; k += 32) {
    as[row * 32 + column] = a[row * p.pitch + column];
    bs[row * 32 + column] = b[row * p.pitch + column];
    __syncthreads();
    a += 32;
    b += 32 * p.pitch;
    for (unsigned i = 0; i < 32; i++) sum += as[row * 32 + i] * bs[i * 32 + column];
    __syncthreads();
  }
  finish(&p.c[(tile.x * 32 + row) * p.pitch + tile.y * 32 + column], sum, p.alpha, p.beta);
}

// A column of eight outputs a thread.
__global__ void column(Product p) {
  constexpr int side = 64, deep = 8, own = 8;
  Tile tile(p.across);
  __shared__ float as[side * deep], bs[deep * side];
  int x = threadIdx.x % side, y = threadIdx.x / side;
  unsigned rowA = threadIdx.x / deep, columnA = threadIdx.x % deep;
  const float *a = p.a + tile.y * side * p.pitch, *b = p.b + tile.x * side;
  float sums[own] = {};
  for (unsigned k = 0; k < p.depth; k += deep) {
    as[rowA * deep + columnA] = a[rowA * p.pitch + columnA];
    bs[y * side + x] = b[y * p.pitch + x];
    __syncthreads();
    a += deep;
    b += deep * p.pitch;
    for (unsigned i = 0; i < deep; i++) {
      float right = bs[i * side + x];
      for (unsigned j = 0; j < own; j++) sums[j] += as[(y * own + j) * deep + i] * right;
    }
    __syncthreads();
  }
  float *c = p.c + tile.y * side * p.pitch + tile.x * side;
  for (unsigned j = 0; j < own; j++)
    finish(&c[(y * own + j) * p.pitch + x], sums[j], p.alpha, p.beta);
}

// Eight by eight outputs a thread, tiles copied word by word as they lie.
__global__ __launch_bounds__(256, 1) void square(Product p) {
  constexpr int side = 128, deep = 8, own = 8, threads = 256;
  Tile tile(p.across);
  __shared__ float as[side * deep], bs[deep * side];
  int x = threadIdx.x % (side / own), y = threadIdx.x / (side / own);
  unsigned rowA = threadIdx.x / deep, columnA = threadIdx.x % deep;
  unsigned rowB = threadIdx.x / side, columnB = threadIdx.x % side;
  const float *a = p.a + tile.y * side * p.pitch, *b = p.b + tile.x * side;
  float sums[own * own] = {};
  for (unsigned k = 0; k < p.depth; k += deep) {
    for (unsigned i = 0; i < side; i += threads / deep)
      as[(rowA + i) * deep + columnA] = a[(rowA + i) * p.pitch + columnA];
    for (unsigned i = 0; i < deep; i += threads / side)
      bs[(rowB + i) * side + columnB] = b[(rowB + i) * p.pitch + columnB];
    __syncthreads();
    a += deep;
    b += deep * p.pitch;
    for (unsigned i = 0; i < deep; i++) {
      float left[own], right[own];
      for (unsigned j = 0; j < own; j++) left[j] = as[(y * own + j) * deep + i];
      for (unsigned j = 0; j < own; j++) right[j] = bs[i * side + x * own + j];
      for (unsigned m = 0; m < own; m++)
        for (unsigned n = 0; n < own; n++) sums[m * own + n] += left[m] * right[n];
    }
    __syncthreads();
  }
  float *c = p.c + tile.y * side * p.pitch + tile.x * side;
  for (unsigned m = 0; m < own; m++)
    for (unsigned n = 0; n < own; n++)
      finish(&c[(y * own + m) * p.pitch + x * own + n], sums[m * own + n], p.alpha, p.beta);
}

// How a tile of B lies in shared memory.
enum class Layout {
  plain,     // as in global memory
  scattered, // the eight values of a thread sixteen words apart
  padded     // rows five words longer
};

// Tiles copied by float4, that of A transposed.
template <Layout layout>
__global__ void vectors(Product p) {
  constexpr int side = 128, deep = 8, own = 8;
  constexpr int rowLength = side + (layout == Layout::padded ? 5 : 0);
  Tile tile(p.across);
  __shared__ float as[side * deep], bs[deep * rowLength];
  int x = threadIdx.x % (side / own), y = threadIdx.x / (side / own);
  unsigned rowA = threadIdx.x / (deep / 4), columnA = threadIdx.x % (deep / 4);
  unsigned rowB = threadIdx.x / (side / 4), columnB = threadIdx.x % (side / 4);
  const float *a = p.a + tile.y * side * p.pitch, *b = p.b + tile.x * side;
  float sums[own * own] = {};
  for (unsigned k = 0; k < p.depth; k += deep) {
    float4 four = *(const float4 *)&a[rowA * p.pitch + columnA * 4];
    as[(columnA * 4 + 0) * side + rowA] = four.x;
    as[(columnA * 4 + 1) * side + rowA] = four.y;
    as[(columnA * 4 + 2) * side + rowA] = four.z;
    as[(columnA * 4 + 3) * side + rowA] = four.w;
    four = *(const float4 *)&b[rowB * p.pitch + columnB * 4];
    if constexpr (layout == Layout::plain) {
      *(float4 *)&bs[rowB * side + columnB * 4] = four;
    } else if constexpr (layout == Layout::padded) {
      float *to = &bs[rowB * rowLength + columnB * 4];
      to[0] = four.x;
      to[1] = four.y;
      to[2] = four.z;
      to[3] = four.w;
    } else {
      float *to = &bs[(columnB % 2 * 4 + rowB * own) * 16 + columnB / 2];
      to[0 * 16] = four.x;
      to[1 * 16] = four.y;
      to[2 * 16] = four.z;
      to[3 * 16] = four.w;
    }
    __syncthreads();
    a += deep;
    b += deep * p.pitch;
    for (unsigned i = 0; i < deep; i++) {
      float left[own], right[own];
      for (unsigned j = 0; j < own; j++) left[j] = as[i * side + y * own + j];
      for (unsigned j = 0; j < own; j++)
        right[j] = layout == Layout::scattered ? bs[(i * own + j) * 16 + x]
                                               : bs[i * rowLength + x * own + j];
      for (unsigned m = 0; m < own; m++)
        for (unsigned n = 0; n < own; n++) sums[m * own + n] += left[m] * right[n];
    }
    __syncthreads();
  }
  float *c = p.c + tile.y * side * p.pitch + tile.x * side;
  for (unsigned m = 0; m < own; m++)
    for (unsigned n = 0; n < own; n += 4)
      finish4(&c[(y * own + m) * p.pitch + x * own + n], &sums[m * own + n], p.alpha, p.beta);
}

// Copies a tile of A, transposed, and one of B; `threads` of them take part.
template <int height, int width, int deep, int threads>
__device__ __forceinline__ void fill(const float *a, const float *b, int pitch, float *as,
                                     float *bs, unsigned thread) {
  unsigned rowA = thread / (deep / 4), columnA = thread % (deep / 4);
  unsigned rowB = thread / (width / 4), columnB = thread % (width / 4);
  constexpr int stepA = threads * 4 / deep, stepB = threads / (width / 4);
  for (unsigned i = 0; i + stepA <= height; i += stepA) {
    float4 four = *(const float4 *)&a[(rowA + i) * pitch + columnA * 4];
    as[(columnA * 4 + 0) * height + rowA + i] = four.x;
    as[(columnA * 4 + 1) * height + rowA + i] = four.y;
    as[(columnA * 4 + 2) * height + rowA + i] = four.z;
    as[(columnA * 4 + 3) * height + rowA + i] = four.w;
  }
  for (unsigned i = 0; i + stepB <= deep; i += stepB)
    *(float4 *)&bs[(rowB + i) * width + columnB * 4] =
        *(const float4 *)&b[(rowB + i) * pitch + columnB * 4];
}

// Tile sizes that a search found best on the card: twice the depth.
__global__ __launch_bounds__(256) void tuned(Product p) {
  constexpr int side = 128, deep = 16, own = 8;
  Tile tile(p.across);
  __shared__ float as[side * deep], bs[deep * side];
  int x = threadIdx.x % 16, y = threadIdx.x / 16;
  const float *a = p.a + tile.y * side * p.pitch, *b = p.b + tile.x * side;
  float sums[own * own] = {};
  for (unsigned k = 0; k < p.depth; k += deep) {
    fill<side, side, deep, 256>(a, b, p.pitch, as, bs, threadIdx.x);
    __syncthreads();
    for (unsigned i = 0; i < deep; i++) {
      float left[own], right[own];
      for (unsigned j = 0; j < own; j++) left[j] = as[i * side + y * own + j];
      for (unsigned j = 0; j < own; j++) right[j] = bs[i * side + x * own + j];
      for (unsigned m = 0; m < own; m++)
        for (unsigned n = 0; n < own; n++) sums[m * own + n] += left[m] * right[n];
    }
    __syncthreads();
    a += deep;
    b += deep * p.pitch;
  }
  float *c = p.c + tile.y * side * p.pitch + tile.x * side;
  for (unsigned m = 0; m < own; m++)
    for (unsigned n = 0; n < own; n += 4)
      finish4(&c[(y * own + m) * p.pitch + x * own + n], &sums[m * own + n], p.alpha, p.beta);
}

// A warp's part of a block: `down` by `over` pieces, of each of which a thread has tall x wide.
template <int height, int width, int deep, int warpHeight, int warpWidth, int over, int tall,
          int wide>
struct WarpTile {
  static constexpr int down = warpHeight * warpWidth / (32 * tall * wide * over);
  static constexpr int pieceHeight = warpHeight / down, pieceWidth = warpWidth / over;
  unsigned warpX, warpY, x, y;
  float sums[down * tall * over * wide] = {};

  __device__ WarpTile() {
    unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    warpX = warp % (width / warpWidth) * warpWidth;
    warpY = warp / (width / warpWidth) * warpHeight;
    x = lane % (pieceWidth / wide) * wide;
    y = lane / (pieceWidth / wide) * tall;
  }

  __device__ __forceinline__ void add(const float *as, const float *bs) {
    for (unsigned i = 0; i < deep; i++) {
      float left[down * tall], right[over * wide];
      for (unsigned d = 0; d < down; d++)
        for (unsigned j = 0; j < tall; j++)
          left[d * tall + j] = as[i * height + warpY + d * pieceHeight + y + j];
      for (unsigned o = 0; o < over; o++)
        for (unsigned j = 0; j < wide; j++)
          right[o * wide + j] = bs[i * width + warpX + o * pieceWidth + x + j];
      for (unsigned d = 0; d < down; d++)
        for (unsigned o = 0; o < over; o++)
          for (unsigned m = 0; m < tall; m++)
            for (unsigned n = 0; n < wide; n++)
              sums[(d * tall + m) * over * wide + o * wide + n] +=
                  left[d * tall + m] * right[o * wide + n];
    }
  }

  __device__ __forceinline__ void store(float *c, const Product &p) {
    for (unsigned d = 0; d < down; d++)
      for (unsigned o = 0; o < over; o++) {
        float *piece = c + (warpY + d * pieceHeight) * p.pitch + warpX + o * pieceWidth;
        for (unsigned m = 0; m < tall; m++)
          for (unsigned n = 0; n < wide; n += 4)
            finish4(&piece[(y + m) * p.pitch + x + n],
                    &sums[(d * tall + m) * over * wide + o * wide + n], p.alpha, p.beta);
      }
  }
};

// A tile for each of four warps.
__global__ __launch_bounds__(128) void warps(Product p) {
  constexpr int side = 128, deep = 16;
  Tile tile(p.across);
  __shared__ float as[side * deep], bs[deep * side];
  const float *a = p.a + tile.y * side * p.pitch, *b = p.b + tile.x * side;
  WarpTile<side, side, deep, 64, 64, 4, 8, 4> part;
  for (unsigned k = 0; k < p.depth; k += deep) {
    fill<side, side, deep, 128>(a, b, p.pitch, as, bs, threadIdx.x);
    __syncthreads();
    part.add(as, bs);
    a += deep;
    b += deep * p.pitch;
    __syncthreads();
  }
  part.store(p.c + tile.y * side * p.pitch + tile.x * side, p);
}

// Two buffers: one half of the block fills one while the other half computes from the other.
__global__ __launch_bounds__(256) void doubled(Product p) {
  constexpr int height = 128, width = 256, deep = 16, half = 128;
  Tile tile(p.across);
  __shared__ float as[2 * height * deep], bs[2 * deep * width];
  float *as1 = as + height * deep, *bs1 = bs + deep * width;
  const float *a = p.a + tile.y * height * p.pitch, *b = p.b + tile.x * width;
  WarpTile<height, width, deep, 128, 32, 1, 8, 8> part;
  bool second = threadIdx.x >= half;
  unsigned thread = threadIdx.x % half;
  if (!second) fill<height, width, deep, half>(a, b, p.pitch, as, bs, thread);
  __syncthreads();
  for (unsigned k = 0; k < p.depth; k += 2 * deep) {
    if (!second) {
      part.add(as, bs);
      __syncthreads();
      if (k + deep < p.depth) part.add(as1, bs1);
      __syncthreads();
      if (k + 2 * deep < p.depth)
        fill<height, width, deep, half>(a + 2 * deep, b + 2 * deep * p.pitch, p.pitch, as, bs,
                                        thread);
    } else {
      if (k + deep < p.depth)
        fill<height, width, deep, half>(a + deep, b + deep * p.pitch, p.pitch, as1, bs1, thread);
      __syncthreads();
      part.add(as, bs);
      __syncthreads();
      if (k + deep < p.depth) part.add(as1, bs1);
    }
    a += 2 * deep;
    b += 2 * deep * p.pitch;
    __syncthreads();
  }
  part.store(p.c + tile.y * height * p.pitch + tile.x * width, p);
}

struct Kernel {
  const char *name;
  void (*function)(Product);
  dim3 threads;
  int height, width; // outputs of a block
  bool rowsFirst;    // the grid's first dimension goes down the rows
};

const Kernel kernels[] = {
    {"naive", naive, dim3(32, 32), 32, 32, true},
    {"coalesced", coalesced, 1024, 32, 32, true},
    {"shared", shared, 1024, 32, 32, true},
    {"column", column, 512, 64, 64, false},
    {"square", square, 256, 128, 128, false},
    {"vectors", vectors<Layout::plain>, 256, 128, 128, false},
    {"scattered", vectors<Layout::scattered>, 256, 128, 128, false},
    {"padded", vectors<Layout::padded>, 256, 128, 128, false},
    {"tuned", tuned, 256, 128, 128, false},
    {"warps", warps, 128, 128, 128, false},
    {"doubled", doubled, 256, 128, 256, false},
};

int main(int argc, char **argv) {
  const Kernel *kernel = nullptr;
  for (const Kernel &one : kernels)
    if (argc > 1 && !std::strcmp(argv[1], one.name)) kernel = &one;
  bool whole = argc > 2 && !std::strcmp(argv[2], "whole");
  if (!kernel || argc < 4 || (!whole && argc % 2)) {
    std::printf("usage: ladder KERNEL BLOCKS DEPTH [BLOCKS DEPTH]... | ladder KERNEL whole SIDE\n");
    return 64;
  }
  if (std::strcmp(kernel->name, "shared") == 0)
    CHECK(cudaFuncSetAttribute((const void *)kernel->function,
                               cudaFuncAttributePreferredSharedMemoryCarveout,
                               cudaSharedmemCarveoutMaxShared));
  int side = whole ? argument(argc, argv, 3, 4096) : 4096;
  int across = side / (kernel->rowsFirst ? kernel->height : kernel->width);
  int all = side / kernel->height * (side / kernel->width);
  Generator random;
  std::vector<float> a((size_t)side * side), b(a.size()), c(a.size());
  for (size_t i = 0; i < a.size(); i++) {
    a[i] = random.between(-1, 1);
    b[i] = random.between(-1, 1);
    c[i] = random.between(-1, 1);
  }
  const float alpha = 0.5f, beta = 3.0f;
  Device<float> da(a), db(b), dc(c.size());
  Verdict verdict("ladder");
  for (int i = whole ? 3 : 2; i + (whole ? 0 : 1) < argc; i += whole ? 1 : 2) {
    int blocks = whole ? all : argument(argc, argv, i, 1);
    int depth = whole ? side : argument(argc, argv, i + 1, 64);
    dc.set(c);
    kernel->function<<<blocks, kernel->threads>>>(
        Product{da, db, dc, depth, side, across, alpha, beta});
    std::vector<float> found = dc.get();
    // Some outputs of every block, and one that no block may have touched.
    for (int block = 0; block < std::min(blocks + 1, all); block++) {
      int tileY = kernel->rowsFirst ? block % across : block / across;
      int tileX = kernel->rowsFirst ? block / across : block % across;
      for (int sample = 0; sample < 8; sample++) {
        int y = tileY * kernel->height + random.below(kernel->height);
        int x = tileX * kernel->width + random.below(kernel->width);
        size_t at = (size_t)y * side + x;
        double sum = 0;
        for (int k = 0; k < depth; k++) sum += (double)a[(size_t)y * side + k] * b[(size_t)k * side + x];
        double wanted = block < blocks ? alpha * sum + beta * c[at] : c[at];
        verdict.expect(isNear(found[at], wanted, 1e-4, 1e-4 * std::sqrt(depth)), kernel->name, at);
      }
    }
  }
  return verdict.finish();
}
