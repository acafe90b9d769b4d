// The kinds of textures: one and three dimensions, layers, cubemaps, gathered components, fetches;
// elements of 8, 16 and 32 bits with one to four channels; surfaces of every dimension. Each element
// says by its value where it stands.
#include "check.h"
#include <cuda_fp16.h>

constexpr int width = 12, height = 8, depth = 5;

__global__ void lines(cudaTextureObject_t texture, float *out) {
  int x = threadIdx.x - 4;
  out[threadIdx.x] = tex1D<float>(texture, x + 0.5f);
}

__global__ void volume(cudaTextureObject_t texture, const float4 *at, float *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = tex3D<float>(texture, at[i].x, at[i].y, at[i].z);
}

__global__ void layers(cudaTextureObject_t texture, const float4 *at, short2 *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = tex2DLayered<short2>(texture, at[i].x, at[i].y, (int)at[i].z);
}

__global__ void cube(cudaTextureObject_t texture, const float4 *at, int *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = texCubemap<int>(texture, at[i].x, at[i].y, at[i].z);
}

__global__ void gathered(cudaTextureObject_t texture, const float4 *at, uint4 *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = tex2Dgather<uint4>(texture, at[i].x, at[i].y, 1);
}

__global__ void halves(cudaTextureObject_t texture, float4 *out) {
  int x = threadIdx.x % width, y = threadIdx.x / width;
  if (y < height) out[threadIdx.x] = tex2DLod<float4>(texture, x + 0.5f, y + 0.5f, 0);
}

__global__ void through(cudaSurfaceObject_t line, cudaSurfaceObject_t block,
                        cudaSurfaceObject_t sheets) {
  int x = threadIdx.x, y = blockIdx.x, z = blockIdx.y;
  if (y == 0 && z == 0) {
    unsigned char value;
    surf1Dread(&value, line, x);
    surf1Dwrite((unsigned char)(value * 2 + 1), line, x);
  }
  int2 pair;
  surf3Dread(&pair, block, x * (int)sizeof(int2), y, z);
  surf3Dwrite(make_int2(pair.y, pair.x + 1), block, x * (int)sizeof(int2), y, z);
  // Outside, nothing is written and zero is read.
  short4 four;
  surf2DLayeredread(&four, sheets, x * (int)sizeof(short4), y - 1, z, cudaBoundaryModeZero);
  surf2DLayeredwrite(make_short4(four.x, x, y, z), sheets, x * (int)sizeof(short4), y, z,
                     cudaBoundaryModeZero);
}

template <typename T>
struct Box {
  cudaArray_t array;
  cudaResourceDesc resource = {};
  cudaExtent extent;
  Box(const std::vector<T> &values, cudaExtent extent, unsigned flags,
      cudaChannelFormatDesc format = cudaCreateChannelDesc<T>())
      : extent(extent) {
    CHECK(cudaMalloc3DArray(&array, &format, extent, flags));
    move(const_cast<T *>(values.data()), true);
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
  }
  void move(T *values, bool in) {
    cudaMemcpy3DParms copy = {};
    auto linear = make_cudaPitchedPtr(values, extent.width * sizeof(T), extent.width,
                                      std::max<size_t>(1, extent.height));
    if (in) copy.srcPtr = linear, copy.dstArray = array;
    else copy.dstPtr = linear, copy.srcArray = array;
    copy.extent = make_cudaExtent(extent.width, std::max<size_t>(1, extent.height),
                                  std::max<size_t>(1, extent.depth));
    copy.kind = in ? cudaMemcpyHostToDevice : cudaMemcpyDeviceToHost;
    CHECK(cudaMemcpy3D(&copy));
  }
  std::vector<T> get() {
    std::vector<T> values(extent.width * std::max<size_t>(1, extent.height) *
                          std::max<size_t>(1, extent.depth));
    CHECK(cudaDeviceSynchronize());
    move(values.data(), false);
    return values;
  }
  cudaTextureObject_t texture(cudaTextureAddressMode mode, cudaTextureFilterMode filter,
                              bool isNormalised = false, float border = 0) {
    cudaTextureDesc description = {};
    for (auto &m : description.addressMode) m = mode;
    for (auto &part : description.borderColor) part = border;
    description.filterMode = filter;
    description.normalizedCoords = isNormalised;
    cudaTextureObject_t object;
    CHECK(cudaCreateTextureObject(&object, &resource, &description, nullptr));
    return object;
  }
  cudaSurfaceObject_t surface() {
    cudaSurfaceObject_t object;
    CHECK(cudaCreateSurfaceObject(&object, &resource));
    return object;
  }
};

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 500);
  Generator random;
  Verdict verdict("texturekinds");
  auto clamp = cudaAddressModeClamp;
  auto point = cudaFilterModePoint;

  std::vector<float> line(width);
  for (int x = 0; x < width; x++) line[x] = x * 3 + 1;
  Box<float> one(line, make_cudaExtent(width, 0, 0), 0);
  Device<float> dLine(width + 8);
  lines<<<1, width + 8>>>(one.texture(cudaAddressModeBorder, point, false, 7), dLine);
  auto lineFound = dLine.get();
  for (int i = 0; i < width + 8; i++)
    verdict.expect(lineFound[i] == (i < 4 || i >= width + 4 ? 7 : line[i - 4]), "line", i);

  // x + 32 y + 512 z is its own interpolation.
  std::vector<float> box(width * height * depth);
  for (int i = 0; i < (int)box.size(); i++)
    box[i] = i % width + 32 * (i / width % height) + 512 * (i / width / height);
  Box<float> three(box, make_cudaExtent(width, height, depth), 0);
  std::vector<float4> at(n);
  for (float4 &p : at)
    p = make_float4(0.5f + random.below((width - 1) * 256) / 256.0f,
                    0.5f + random.below((height - 1) * 256) / 256.0f,
                    0.5f + random.below((depth - 1) * 256) / 256.0f, 0);
  Device<float4> dAt(at);
  Device<float> dBox(n);
  volume<<<ceilDivide(n, 64), 64>>>(three.texture(clamp, cudaFilterModeLinear), dAt, dBox, n);
  auto boxFound = dBox.get();
  for (int i = 0; i < n; i++) {
    double wanted = at[i].x - 0.5 + 32 * (at[i].y - 0.5) + 512 * (at[i].z - 0.5);
    verdict.expect(isNear(boxFound[i], wanted, 1e-4), "volume", i);
  }

  std::vector<short2> sheets(width * height * depth);
  for (int i = 0; i < (int)sheets.size(); i++) sheets[i] = make_short2(i, -i);
  Box<short2> layered(sheets, make_cudaExtent(width, height, depth), cudaArrayLayered);
  // Layers beyond the last mean the last.
  for (float4 &p : at) p.z = random.below(depth + 2);
  dAt.set(at);
  Device<short2> dSheets(n);
  layers<<<ceilDivide(n, 64), 64>>>(layered.texture(clamp, point), dAt, dSheets, n);
  auto sheetsFound = dSheets.get();
  for (int i = 0; i < n; i++) {
    int layer = std::min((int)at[i].z, depth - 1);
    int wanted = (int)at[i].x + width * ((int)at[i].y + height * layer);
    verdict.expect(sheetsFound[i].x == wanted && sheetsFound[i].y == -wanted, "layer", i);
  }

  std::vector<int> faces(8 * 8 * 6);
  for (int i = 0; i < (int)faces.size(); i++) faces[i] = i;
  Box<int> cubemap(faces, make_cudaExtent(8, 8, 6), cudaArrayCubemap);
  for (float4 &p : at)
    p = make_float4(random.between(-1, 1), random.between(-1, 1), random.between(-1, 1), 0);
  dAt.set(at);
  Device<int> dFaces(n);
  cube<<<ceilDivide(n, 64), 64>>>(cubemap.texture(clamp, point, true), dAt, dFaces, n);
  auto facesFound = dFaces.get();
  for (int i = 0; i < n; i++) {
    double x = at[i].x, y = at[i].y, z = at[i].z, m, s, t;
    int face;
    if (std::fabs(x) > std::fabs(y) && std::fabs(x) > std::fabs(z))
      m = std::fabs(x), face = x < 0, s = x < 0 ? z : -z, t = -y;
    else if (std::fabs(y) > std::fabs(z))
      m = std::fabs(y), face = 2 + (y < 0), s = x, t = y < 0 ? -z : z;
    else
      m = std::fabs(z), face = 4 + (z < 0), s = z < 0 ? -x : x, t = -y;
    double u = (s / m + 1) * 4, v = (t / m + 1) * 4;
    // Where rounding decides between two elements, either will do.
    if (std::fabs(u - std::round(u)) < 1e-4 || std::fabs(v - std::round(v)) < 1e-4) continue;
    verdict.expect(facesFound[i] == face * 64 + (int)v * 8 + (int)u, "cube", i);
  }

  std::vector<uchar4> colours(width * height);
  for (int i = 0; i < (int)colours.size(); i++) colours[i] = make_uchar4(1, i, 2, 3);
  Box<uchar4> plane(colours, make_cudaExtent(width, height, 0), cudaArrayTextureGather);
  for (float4 &p : at)
    p = make_float4(1 + random.below(width - 1), 1 + random.below(height - 1), 0, 0);
  dAt.set(at);
  Device<uint4> dGathered(n);
  gathered<<<ceilDivide(n, 64), 64>>>(plane.texture(clamp, point), dAt, dGathered, n);
  auto four = dGathered.get();
  for (int i = 0; i < n; i++) {
    unsigned right = (unsigned)at[i].x, below = (unsigned)at[i].y, corner = below * width + right;
    verdict.expect(four[i].x == corner - 1 && four[i].y == corner &&
                       four[i].z == corner - width && four[i].w == corner - width - 1,
                   "gather", i);
  }

  std::vector<ushort4> small(width * height);
  for (int i = 0; i < (int)small.size(); i++) {
    float parts[4] = {i * 0.25f, -1.0f * i, 0.5f, 1024};
    unsigned short bits[4];
    for (int c = 0; c < 4; c++) bits[c] = __half_as_ushort(__float2half_rn(parts[c]));
    small[i] = make_ushort4(bits[0], bits[1], bits[2], bits[3]);
  }
  Box<ushort4> half(small, make_cudaExtent(width, height, 0), 0,
                    cudaCreateChannelDesc(16, 16, 16, 16, cudaChannelFormatKindFloat));
  Device<float4> dHalf(width * height);
  halves<<<1, 128>>>(half.texture(clamp, point), dHalf);
  auto halfFound = dHalf.get();
  for (int i = 0; i < width * height; i++)
    verdict.expect(halfFound[i].x == i * 0.25f && halfFound[i].y == -i && halfFound[i].z == 0.5f &&
                       halfFound[i].w == 1024,
                   "half", i);

  std::vector<unsigned char> bytes(width);
  for (int x = 0; x < width; x++) bytes[x] = (unsigned char)(20 * x);
  std::vector<int2> pairs(width * height * depth);
  for (int i = 0; i < (int)pairs.size(); i++) pairs[i] = make_int2(i, 7 * i);
  std::vector<short4> fours(width * height * depth);
  Box<unsigned char> bytesBox(bytes, make_cudaExtent(width, 0, 0), cudaArraySurfaceLoadStore);
  Box<int2> pairsBox(pairs, make_cudaExtent(width, height, depth), cudaArraySurfaceLoadStore);
  Box<short4> foursBox(fours, make_cudaExtent(width, height, depth),
                       cudaArraySurfaceLoadStore | cudaArrayLayered);
  through<<<dim3(height, depth), width>>>(bytesBox.surface(), pairsBox.surface(),
                                          foursBox.surface());
  CHECK(cudaGetLastError());
  auto bytesFound = bytesBox.get();
  for (int x = 0; x < width; x++)
    verdict.expect(bytesFound[x] == (unsigned char)(40 * x + 1), "bytes", x);
  auto pairsFound = pairsBox.get();
  auto foursFound = foursBox.get();
  for (int i = 0; i < (int)pairs.size(); i++) {
    verdict.expect(pairsFound[i].x == 7 * i && pairsFound[i].y == i + 1, "pairs", i);
    verdict.expect(foursFound[i].x == 0 && foursFound[i].y == i % width &&
                       foursFound[i].z == i / width % height &&
                       foursFound[i].w == i / width / height,
                   "fours", i);
  }
  return verdict.finish();
}
