// Texture objects: points and linear filtering in two dimensions, all address modes, bytes read as
// fractions, textures over linear and over pitched memory, and writes through a surface.
#include "check.h"

constexpr int width = 64, height = 48;

// The sample of each thread at a position of its own.
template <typename T>
__global__ void sample(cudaTextureObject_t texture, const float2 *positions, T *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = tex2D<T>(texture, positions[i].x, positions[i].y);
}

__global__ void fetch(cudaTextureObject_t texture, const int *indices, int *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = tex1Dfetch<int>(texture, indices[i]);
}

// Adds the mirrored neighbour; every thread its own element.
__global__ void transform(cudaSurfaceObject_t from, cudaSurfaceObject_t to) {
  int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  float here, there;
  surf2Dread(&here, from, x * (int)sizeof(float), y);
  surf2Dread(&there, from, (width - 1 - x) * (int)sizeof(float), y);
  surf2Dwrite(here + 2 * there, to, x * (int)sizeof(float), y);
}

// A texture object that destroys itself.
struct Texture {
  cudaTextureObject_t object;
  Texture(const cudaResourceDesc &resource, cudaTextureAddressMode address,
          cudaTextureFilterMode filter, cudaTextureReadMode read, bool isNormalised) {
    cudaTextureDesc description = {};
    for (auto &mode : description.addressMode) mode = address;
    description.filterMode = filter;
    description.readMode = read;
    description.normalizedCoords = isNormalised;
    CHECK(cudaCreateTextureObject(&object, &resource, &description, nullptr));
  }
  ~Texture() { CHECK(cudaDestroyTextureObject(object)); }
};

template <typename T>
struct Array {
  cudaArray_t array;
  cudaResourceDesc resource = {};
  explicit Array(const std::vector<T> &texels, unsigned flags = 0) {
    cudaChannelFormatDesc format = cudaCreateChannelDesc<T>();
    CHECK(cudaMallocArray(&array, &format, width, height, flags));
    CHECK(cudaMemcpy2DToArray(array, 0, 0, texels.data(), width * sizeof(T), width * sizeof(T),
                              height, cudaMemcpyHostToDevice));
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
  }
  ~Array() { CHECK(cudaFreeArray(array)); }
};

// Which texel an index means; -1 where the border's zero is read.
int addressed(int index, int size, cudaTextureAddressMode mode) {
  switch (mode) {
    case cudaAddressModeClamp: return std::clamp(index, 0, size - 1);
    case cudaAddressModeBorder: return index < 0 || index >= size ? -1 : index;
    case cudaAddressModeWrap: return (index % size + size) % size;
    default:
      index = (index % (2 * size) + 2 * size) % (2 * size);
      return index < size ? index : 2 * size - 1 - index;
  }
}

double texel(const std::vector<float> &texels, int x, int y, cudaTextureAddressMode mode) {
  x = addressed(x, width, mode);
  y = addressed(y, height, mode);
  return x < 0 || y < 0 ? 0 : texels[y * width + x];
}

// Positions are in texels here.
double filtered(const std::vector<float> &texels, double x, double y,
                cudaTextureAddressMode address, cudaTextureFilterMode filter) {
  auto at = [&](double px, double py) { return texel(texels, (int)px, (int)py, address); };
  if (filter == cudaFilterModePoint) return at(std::floor(x), std::floor(y));
  double left = std::floor(x - 0.5), top = std::floor(y - 0.5);
  double u = x - 0.5 - left, v = y - 0.5 - top;
  return (1 - v) * ((1 - u) * at(left, top) + u * at(left + 1, top)) +
         v * ((1 - u) * at(left, top + 1) + u * at(left + 1, top + 1));
}

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 2000);
  Generator random;
  std::vector<float> texels(width * height);
  for (float &value : texels) value = random.unit();
  // Also outside the texture, but never where rounding decides between two texels.
  std::vector<float2> positions(n), fractions(n);
  for (int i = 0; i < n; i++) {
    positions[i].x = (int)random.below(3 * width) - width + random.between(0.1f, 0.9f);
    positions[i].y = (int)random.below(3 * height) - height + random.between(0.1f, 0.9f);
    fractions[i].x = positions[i].x / width;
    fractions[i].y = positions[i].y / height;
  }
  Device<float2> dPositions(positions), dFractions(fractions);
  Device<float> out(n);
  Verdict verdict("textures");

  Array<float> array(texels);
  struct { cudaTextureAddressMode mode; bool isNormalised; const char *name; } modes[] = {
      {cudaAddressModeClamp, false, "clamp"},
      {cudaAddressModeBorder, false, "border"},
      {cudaAddressModeWrap, true, "wrap"},
      {cudaAddressModeMirror, true, "mirror"},
  };
  for (auto [mode, isNormalised, name] : modes)
    for (auto filter : {cudaFilterModePoint, cudaFilterModeLinear}) {
      Texture texture(array.resource, mode, filter, cudaReadModeElementType, isNormalised);
      sample<<<ceilDivide(n, 128), 128>>>(texture.object, isNormalised ? dFractions : dPositions,
                                          out.data, n);
      std::vector<double> wanted(n);
      for (int i = 0; i < n; i++)
        wanted[i] = filtered(texels, positions[i].x, positions[i].y, mode, filter);
      // Filtering weighs with eight bits behind the point.
      verdict.close(out.get(), wanted, name, 0, filter == cudaFilterModePoint ? 0 : 0.01);
    }

  std::vector<uchar4> colours(width * height);
  std::vector<float> channels[4];
  for (uchar4 &colour : colours) {
    unsigned char parts[4];
    for (int c = 0; c < 4; c++) {
      parts[c] = (unsigned char)random.below(256);
      channels[c].push_back(parts[c] / 255.0f);
    }
    colour = make_uchar4(parts[0], parts[1], parts[2], parts[3]);
  }
  Array<uchar4> colourArray(colours);
  Device<float4> colourOut(n);
  for (auto filter : {cudaFilterModePoint, cudaFilterModeLinear}) {
    Texture texture(colourArray.resource, cudaAddressModeClamp, filter,
                    cudaReadModeNormalizedFloat, false);
    sample<<<ceilDivide(n, 128), 128>>>(texture.object, dPositions, colourOut.data, n);
    auto found = colourOut.get();
    for (int i = 0; i < n; i++) {
      float parts[4] = {found[i].x, found[i].y, found[i].z, found[i].w};
      for (int c = 0; c < 4; c++)
        verdict.expect(isNear(parts[c],
                              filtered(channels[c], positions[i].x, positions[i].y,
                                       cudaAddressModeClamp, filter),
                              0, filter == cudaFilterModePoint ? 1e-6 : 0.01),
                       "colour", i);
    }
  }

  std::vector<int> numbers(5000), indices(n), wanted(n);
  for (int &number : numbers) number = (int)random.word();
  for (int i = 0; i < n; i++) {
    indices[i] = (int)random.below(5000);
    wanted[i] = numbers[indices[i]];
  }
  Device<int> dNumbers(numbers), dIndices(indices), fetched(n);
  cudaResourceDesc linear = {};
  linear.resType = cudaResourceTypeLinear;
  linear.res.linear.devPtr = dNumbers.data;
  linear.res.linear.desc = cudaCreateChannelDesc<int>();
  linear.res.linear.sizeInBytes = numbers.size() * sizeof(int);
  {
    Texture texture(linear, cudaAddressModeClamp, cudaFilterModePoint, cudaReadModeElementType,
                    false);
    fetch<<<ceilDivide(n, 128), 128>>>(texture.object, dIndices, fetched, n);
    verdict.equal(fetched.get(), wanted, "linear memory");
  }

  float *pitched;
  size_t pitch;
  CHECK(cudaMallocPitch(&pitched, &pitch, width * sizeof(float), height));
  CHECK(cudaMemcpy2D(pitched, pitch, texels.data(), width * sizeof(float), width * sizeof(float),
                     height, cudaMemcpyHostToDevice));
  cudaResourceDesc rows = {};
  rows.resType = cudaResourceTypePitch2D;
  rows.res.pitch2D.devPtr = pitched;
  rows.res.pitch2D.desc = cudaCreateChannelDesc<float>();
  rows.res.pitch2D.width = width;
  rows.res.pitch2D.height = height;
  rows.res.pitch2D.pitchInBytes = pitch;
  {
    Texture texture(rows, cudaAddressModeClamp, cudaFilterModeLinear, cudaReadModeElementType,
                    false);
    sample<<<ceilDivide(n, 128), 128>>>(texture.object, dPositions, out.data, n);
    std::vector<double> smooth(n);
    for (int i = 0; i < n; i++)
      smooth[i] = filtered(texels, positions[i].x, positions[i].y, cudaAddressModeClamp,
                           cudaFilterModeLinear);
    verdict.close(out.get(), smooth, "pitched memory", 0, 0.01);
  }
  CHECK(cudaFree(pitched));

  Array<float> source(texels, cudaArraySurfaceLoadStore), target(texels, cudaArraySurfaceLoadStore);
  cudaSurfaceObject_t from, to;
  CHECK(cudaCreateSurfaceObject(&from, &source.resource));
  CHECK(cudaCreateSurfaceObject(&to, &target.resource));
  transform<<<dim3(width / 16, height / 8), dim3(16, 8)>>>(from, to);
  CHECK(cudaGetLastError());
  std::vector<float> written(width * height), mirrored(width * height);
  CHECK(cudaMemcpy2DFromArray(written.data(), width * sizeof(float), target.array, 0, 0,
                              width * sizeof(float), height, cudaMemcpyDeviceToHost));
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      mirrored[y * width + x] =
          std::fmaf(2, texels[y * width + width - 1 - x], texels[y * width + x]);
  verdict.equal(written, mirrored, "surface");
  CHECK(cudaDestroySurfaceObject(from));
  CHECK(cudaDestroySurfaceObject(to));
  return verdict.finish();
}
