// Allocation, copies of all shapes, symbols, managed and registered memory.
#include "check.h"

__device__ int counter = 7;
__device__ int table[64];
__constant__ float weights[4] = {1, 2, 3, 4};
__device__ int *inside = &table[3];
__managed__ int shared_by_both = 5;

__global__ void bump(int *data, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) data[i] += counter + (int)weights[i & 3];
}

__global__ void poke() {
  *inside = 42;
  shared_by_both += 1;
}

static void linear() {
  int host[100], back[100];
  for (int i = 0; i < 100; i++) host[i] = i;
  int *device;
  SUCCEEDS(cudaMalloc(&device, sizeof host));
  SUCCEEDS(cudaMemcpy(device, host, sizeof host, cudaMemcpyHostToDevice));
  bump<<<2, 64>>>(device, 100);
  SUCCEEDS(cudaGetLastError());
  SUCCEEDS(cudaMemcpy(back, device, sizeof back, cudaMemcpyDeviceToHost));
  for (int i = 0; i < 100; i++) CHECK(back[i] == i + 7 + (i & 3) + 1);
  int eleven = 11;
  SUCCEEDS(cudaMemcpyToSymbol(counter, &eleven, sizeof eleven));
  float ones[2] = {1, 1};
  SUCCEEDS(cudaMemcpyToSymbol(weights, ones, sizeof ones, 8));
  SUCCEEDS(cudaMemset(device, 0, sizeof host));
  bump<<<2, 64>>>(device, 100);
  SUCCEEDS(cudaMemcpy(back, device, sizeof back, cudaMemcpyDefault));
  for (int i = 0; i < 100; i++) CHECK(back[i] == 11 + (i % 4 < 2 ? i % 4 + 1 : 1));
  ANSWERS(cudaMemcpy(device, host, sizeof host + 1, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  ANSWERS(cudaMemcpy(back, host, 4, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  ANSWERS(cudaMemcpy(device, host, 4, (cudaMemcpyKind)9), cudaErrorInvalidMemcpyDirection);
  ANSWERS(cudaMemset(device, 0, (size_t)-1), cudaErrorInvalidValue);
  SUCCEEDS(cudaFree(device));
  ANSWERS(cudaFree(device), cudaErrorInvalidValue);
  SUCCEEDS(cudaFree(nullptr));
  void *huge;
  ANSWERS(cudaMalloc(&huge, (size_t)1 << 50), cudaErrorMemoryAllocation);
  ANSWERS(cudaMalloc(&huge, (size_t)-1), cudaErrorMemoryAllocation);
}

static void symbols() {
  poke<<<1, 1>>>();
  SUCCEEDS(cudaDeviceSynchronize());
  CHECK(shared_by_both == 6);
  int values[64];
  SUCCEEDS(cudaMemcpyFromSymbol(values, table, sizeof values));
  CHECK(values[3] == 42 && values[2] == 0);
  void *address;
  size_t size;
  SUCCEEDS(cudaGetSymbolAddress(&address, table));
  SUCCEEDS(cudaGetSymbolSize(&size, table));
  CHECK(size == sizeof values);
  SUCCEEDS(cudaMemcpy(values, address, sizeof values, cudaMemcpyDeviceToHost));
  CHECK(values[3] == 42);
  ANSWERS(cudaMemcpyFromSymbol(values, table, sizeof values, 4), cudaErrorInvalidValue);
  ANSWERS(cudaMemcpyToSymbol((const void *)values, values, 4), cudaErrorInvalidSymbol);
}

static void planes() {
  const size_t width = 30, height = 9;
  unsigned char host[height][width], back[height][width];
  for (size_t y = 0; y < height; y++)
    for (size_t x = 0; x < width; x++) host[y][x] = y * 16 + x;
  unsigned char *device;
  size_t pitch;
  SUCCEEDS(cudaMallocPitch(&device, &pitch, width, height));
  CHECK(pitch >= width && pitch % 32 == 0);
  SUCCEEDS(cudaMemcpy2D(device, pitch, host, width, width, height, cudaMemcpyHostToDevice));
  SUCCEEDS(cudaMemset2D(device + 2 * pitch + 3, pitch, 0xee, 4, 5));
  SUCCEEDS(cudaMemcpy2D(back, width, device, pitch, width, height, cudaMemcpyDeviceToHost));
  for (size_t y = 0; y < height; y++)
    for (size_t x = 0; x < width; x++) {
      bool filled = y >= 2 && y < 7 && x >= 3 && x < 7;
      CHECK(back[y][x] == (filled ? 0xee : host[y][x]));
    }
  ANSWERS(cudaMemcpy2D(device, 8, host, width, width, height, cudaMemcpyHostToDevice),
          cudaErrorInvalidPitchValue);
  ANSWERS(cudaMemcpy2D(device, pitch, host, width, width, (size_t)1 << 60, cudaMemcpyHostToDevice),
          cudaErrorInvalidValue);
  SUCCEEDS(cudaFree(device));
}

static void boxes() {
  float host[4][5][6], back[4][5][6] = {};
  for (int i = 0; i < 120; i++) (&host[0][0][0])[i] = i;
  cudaExtent extent = make_cudaExtent(6 * sizeof(float), 5, 4);
  cudaPitchedPtr pitched;
  SUCCEEDS(cudaMalloc3D(&pitched, extent));
  cudaMemcpy3DParms copy = {};
  copy.srcPtr = make_cudaPitchedPtr(host, 6 * sizeof(float), 6, 5);
  copy.dstPtr = pitched;
  copy.extent = extent;
  copy.kind = cudaMemcpyHostToDevice;
  SUCCEEDS(cudaMemcpy3D(&copy));
  cudaArray_t array;
  cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
  SUCCEEDS(cudaMalloc3DArray(&array, &format, make_cudaExtent(6, 5, 4)));
  cudaMemcpy3DParms inside = {};
  inside.srcPtr = pitched;
  inside.dstArray = array;
  inside.extent = make_cudaExtent(6, 5, 4);
  inside.kind = cudaMemcpyDeviceToDevice;
  SUCCEEDS(cudaMemcpy3D(&inside));
  cudaMemcpy3DParms out = {};
  out.srcArray = array;
  out.srcPos = make_cudaPos(1, 2, 3);
  out.dstPtr = make_cudaPitchedPtr(back, 6 * sizeof(float), 6, 5);
  out.extent = make_cudaExtent(5, 3, 1);
  out.kind = cudaMemcpyDeviceToHost;
  SUCCEEDS(cudaMemcpy3D(&out));
  for (int y = 0; y < 3; y++)
    for (int x = 0; x < 5; x++) CHECK(back[0][y][x] == host[3][y + 2][x + 1]);
  out.srcPos = make_cudaPos(2, 0, 0);
  ANSWERS(cudaMemcpy3D(&out), cudaErrorInvalidValue);
  SUCCEEDS(cudaMemset3D(pitched, 0, extent));
  SUCCEEDS(cudaFreeArray(array));
  SUCCEEDS(cudaFree(pitched.ptr));
}

static void arrays() {
  cudaArray_t array;
  cudaChannelFormatDesc format = cudaCreateChannelDesc<short2>();
  SUCCEEDS(cudaMallocArray(&array, &format, 8, 4));
  short2 host[4][8], back[4][8];
  for (int y = 0; y < 4; y++)
    for (int x = 0; x < 8; x++) host[y][x] = make_short2(x, y);
  SUCCEEDS(cudaMemcpy2DToArray(array, 0, 0, host, sizeof host[0], sizeof host[0], 4,
                               cudaMemcpyHostToDevice));
  SUCCEEDS(cudaMemcpy2DFromArray(back, sizeof back[0], array, 0, 0, sizeof back[0], 4,
                                 cudaMemcpyDeviceToHost));
  CHECK(!memcmp(host, back, sizeof host));
  ANSWERS(cudaMemcpy2DToArray(array, 0, 1, host, sizeof host[0], sizeof host[0], 4,
                              cudaMemcpyHostToDevice),
          cudaErrorInvalidValue);
  cudaExtent extent;
  unsigned flags;
  SUCCEEDS(cudaArrayGetInfo(&format, &extent, &flags, array));
  CHECK(format.x == 16 && format.y == 16 && format.z == 0 && extent.width == 8);
  SUCCEEDS(cudaFreeArray(array));
}

static void places() {
  int *pinned, *managed, *device, *async;
  SUCCEEDS(cudaMallocHost(&pinned, 400));
  SUCCEEDS(cudaMallocManaged(&managed, 400));
  SUCCEEDS(cudaMalloc(&device, 400));
  for (int i = 0; i < 100; i++) pinned[i] = managed[i] = i;
  bump<<<2, 64>>>(pinned, 100);
  bump<<<2, 64>>>(managed, 100);
  SUCCEEDS(cudaDeviceSynchronize());
  CHECK(!memcmp(pinned, managed, 400));
  cudaPointerAttributes attributes;
  SUCCEEDS(cudaPointerGetAttributes(&attributes, pinned + 3));
  CHECK(attributes.type == cudaMemoryTypeHost && attributes.hostPointer == pinned + 3);
  SUCCEEDS(cudaPointerGetAttributes(&attributes, managed));
  CHECK(attributes.type == cudaMemoryTypeManaged && attributes.device == 0);
  SUCCEEDS(cudaPointerGetAttributes(&attributes, device));
  CHECK(attributes.type == cudaMemoryTypeDevice && attributes.devicePointer == device);
  SUCCEEDS(cudaPointerGetAttributes(&attributes, &pinned));
  CHECK(attributes.type == cudaMemoryTypeUnregistered);
  ANSWERS(cudaFree(pinned), cudaErrorInvalidValue);
  ANSWERS(cudaFreeHost(device), cudaErrorInvalidValue);
  SUCCEEDS(cudaFreeHost(pinned));
  SUCCEEDS(cudaFree(managed));
  int *own = (int *)calloc(100, 4);
  SUCCEEDS(cudaHostRegister(own, 400, cudaHostRegisterMapped));
  ANSWERS(cudaHostRegister(own, 400, 0), cudaErrorHostMemoryAlreadyRegistered);
  int *mapped;
  SUCCEEDS(cudaHostGetDevicePointer(&mapped, own, 0));
  bump<<<2, 64>>>(mapped, 100);
  SUCCEEDS(cudaDeviceSynchronize());
  CHECK(own[0] == 12 && own[99] == 12);
  SUCCEEDS(cudaHostUnregister(own));
  ANSWERS(cudaHostUnregister(own), cudaErrorHostMemoryNotRegistered);
  SUCCEEDS(cudaMallocAsync(&async, 400, 0));
  SUCCEEDS(cudaMemsetAsync(async, 1, 400, 0));
  SUCCEEDS(cudaFreeAsync(async, 0));
  size_t available, total;
  SUCCEEDS(cudaMemGetInfo(&available, &total));
  CHECK(available < total);
  SUCCEEDS(cudaFree(device));
  free(own);
}

int main() {
  linear();
  symbols();
  planes();
  boxes();
  arrays();
  places();
  std::printf("memory: passed\n");
}
