// Copies and fills in one, two and three dimensions, between host and device and inside the
// device, with pitches that differ and windows that start anywhere.
#include "check.h"

// What a kernel sees at (x, y, z) of a pitched box, plus one.
__global__ void increment(cudaPitchedPtr box, int width, int height, int depth) {
  int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y, z = blockIdx.z;
  if (x >= width) return;
  char *row = (char *)box.ptr + (z * box.ysize + y) * box.pitch;
  ((int *)row)[x]++;
}

int main(int argc, char **argv) {
  int width = argument(argc, argv, 1, 50), height = 20, depth = 6;
  Generator random;
  Verdict verdict("copies");

  // One dimension: parts of an array, device to device, bytes and offsets odd.
  std::vector<unsigned char> bytes(5000), back(5000);
  for (unsigned char &byte : bytes) byte = (unsigned char)random.below(256);
  Device<unsigned char> a(bytes), b(5000);
  b.clear();
  CHECK(cudaMemcpy(b + 101, a + 7, 3001, cudaMemcpyDeviceToDevice));
  CHECK(cudaMemset(b + 500, 0xab, 33));
  CHECK(cudaMemcpy(back.data() + 3, b + 3, 4997, cudaMemcpyDefault));
  for (int i = 0; i < 5000; i++) {
    unsigned char wanted = i >= 500 && i < 533 ? 0xab : i >= 101 && i < 3102 ? bytes[i - 94] : 0;
    verdict.expect(back[i] == wanted, "bytes", i);
  }

  // Two dimensions: rows of ints between a dense host array and pitched rows.
  size_t rowBytes = width * sizeof(int), pitch, otherPitch;
  std::vector<int> rows(width * height), found(width * height);
  for (int &value : rows) value = (int)random.word();
  int *first, *second;
  CHECK(cudaMallocPitch(&first, &pitch, rowBytes, height));
  CHECK(cudaMallocPitch(&second, &otherPitch, 3 * rowBytes, height));
  verdict.expect(pitch >= rowBytes && otherPitch >= 3 * rowBytes, "pitch");
  CHECK(cudaMemcpy2D(first, pitch, rows.data(), rowBytes, rowBytes, height,
                     cudaMemcpyHostToDevice));
  CHECK(cudaMemset2D(second, otherPitch, 0x11, 3 * rowBytes, height));
  // A window of ten columns and five rows, to another place.
  CHECK(cudaMemcpy2D((char *)second + 2 * otherPitch + 8, otherPitch, (char *)first + pitch + 16,
                     pitch, 40, 5, cudaMemcpyDeviceToDevice));
  CHECK(cudaMemcpy2D(found.data(), rowBytes, second, otherPitch, rowBytes, height,
                     cudaMemcpyDeviceToHost));
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      bool isInside = x >= 2 && x < 12 && y >= 2 && y < 7;
      int wanted = isInside ? rows[(y - 1) * width + x + 2] : 0x11111111;
      verdict.expect(found[y * width + x] == wanted, "window", y * width + x);
    }
  CHECK(cudaFree(first));
  CHECK(cudaFree(second));

  // Three dimensions: a box goes in, grows by one inside, and a part of it comes out.
  std::vector<int> box(width * height * depth), part(10 * 8 * 3);
  for (int &value : box) value = (int)random.word();
  cudaPitchedPtr device;
  cudaExtent whole = make_cudaExtent(rowBytes, height, depth);
  CHECK(cudaMalloc3D(&device, whole));
  CHECK(cudaMemset3D(device, 0, whole));
  cudaMemcpy3DParms in = {};
  in.srcPtr = make_cudaPitchedPtr(box.data(), rowBytes, width, height);
  in.dstPtr = device;
  in.extent = whole;
  in.kind = cudaMemcpyHostToDevice;
  CHECK(cudaMemcpy3D(&in));
  increment<<<dim3(ceilDivide(width, 32), height, depth), 32>>>(device, width, height, depth);
  CHECK(cudaGetLastError());
  cudaMemcpy3DParms out = {};
  out.srcPtr = device;
  out.srcPos = make_cudaPos(5 * sizeof(int), 4, 2);
  out.dstPtr = make_cudaPitchedPtr(part.data(), 10 * sizeof(int), 10, 8);
  out.extent = make_cudaExtent(10 * sizeof(int), 8, 3);
  out.kind = cudaMemcpyDeviceToHost;
  CHECK(cudaMemcpy3D(&out));
  for (int z = 0; z < 3; z++)
    for (int y = 0; y < 8; y++)
      for (int x = 0; x < 10; x++) {
        uint32_t wanted = (uint32_t)box[((z + 2) * height + y + 4) * width + x + 5] + 1;
        verdict.expect((uint32_t)part[(z * 8 + y) * 10 + x] == wanted, "box", (z * 8 + y) * 10 + x);
      }
  CHECK(cudaFree(device.ptr));
  return verdict.finish();
}
