// Device queries: the properties' layout is what the compiler's headers say.
#include "check.h"

int main() {
  int count, device, value;
  SUCCEEDS(cudaGetDeviceCount(&count));
  SUCCEEDS(cudaGetDevice(&device));
  CHECK(count == 1 && device == 0);
  ANSWERS(cudaSetDevice(1), cudaErrorInvalidDevice);
  // A guard behind the structure.
  struct { cudaDeviceProp p; unsigned guard; } s;
  memset(&s, 0x5a, sizeof s);
  SUCCEEDS(cudaGetDeviceProperties(&s.p, 0));
  CHECK(s.guard == 0x5a5a5a5a);
  const cudaDeviceProp &p = s.p;
  CHECK(p.warpSize == 32 && p.maxThreadsPerBlock == 1024 && p.maxThreadsDim[2] == 64);
  CHECK(p.maxGridSize[0] == 0x7fffffff && p.maxGridSize[2] == 65535 && p.totalConstMem == 65536);
  CHECK(p.textureAlignment == 512 && p.texturePitchAlignment == 32 && p.surfaceAlignment == 512);
  CHECK(p.canMapHostMemory == 1 && p.integrated == 0 && p.concurrentKernels == 1);
  CHECK(p.maxTexture1D == 131072 && p.maxTexture3D[0] == 16384);
  CHECK(p.maxSurfaceCubemapLayered[1] == 2046);
  CHECK(p.maxTexture2DLinear[2] == 2097120 && p.maxTexture3DAlt[2] == 32768);
  CHECK(p.pciBusID == 1 && p.asyncEngineCount == 2 && p.unifiedAddressing == 1);
  CHECK(p.managedMemory == 1 && p.concurrentManagedAccess == 1 && p.cooperativeLaunch == 1);
  CHECK(p.hostRegisterSupported == 1 && p.memoryPoolsSupported == 1 && p.ECCEnabled == 0);
  CHECK(p.globalL1CacheSupported == 1 && p.streamPrioritiesSupported == 1);
  const struct { cudaDeviceAttr attribute; long long value; } same[] = {
      {cudaDevAttrMultiProcessorCount, p.multiProcessorCount},
      {cudaDevAttrMaxSharedMemoryPerBlock, (long long)p.sharedMemPerBlock},
      {cudaDevAttrMaxSharedMemoryPerBlockOptin, (long long)p.sharedMemPerBlockOptin},
      {cudaDevAttrMaxSharedMemoryPerMultiprocessor, (long long)p.sharedMemPerMultiprocessor},
      {cudaDevAttrReservedSharedMemoryPerBlock, (long long)p.reservedSharedMemPerBlock},
      {cudaDevAttrMaxThreadsPerMultiProcessor, p.maxThreadsPerMultiProcessor},
      {cudaDevAttrMaxBlocksPerMultiprocessor, p.maxBlocksPerMultiProcessor},
      {cudaDevAttrMaxRegistersPerMultiprocessor, p.regsPerMultiprocessor},
      {cudaDevAttrMaxRegistersPerBlock, p.regsPerBlock},
      {cudaDevAttrGlobalMemoryBusWidth, p.memoryBusWidth},
      {cudaDevAttrL2CacheSize, p.l2CacheSize},
      {cudaDevAttrMaxPersistingL2CacheSize, p.persistingL2CacheMaxSize},
      {cudaDevAttrMaxAccessPolicyWindowSize, p.accessPolicyMaxWindowSize},
      {cudaDevAttrComputeCapabilityMajor, p.major},
      {cudaDevAttrComputeCapabilityMinor, p.minor},
      {cudaDevAttrMaxPitch, (long long)p.memPitch},
      {cudaDevAttrClusterLaunch, p.clusterLaunch},
      {cudaDevAttrCooperativeLaunch, p.cooperativeLaunch},
      {cudaDevAttrMemoryPoolsSupported, p.memoryPoolsSupported},
      {cudaDevAttrConcurrentManagedAccess, p.concurrentManagedAccess},
      {cudaDevAttrPageableMemoryAccess, p.pageableMemoryAccess},
      {cudaDevAttrComputePreemptionSupported, p.computePreemptionSupported},
      {cudaDevAttrCanUseHostPointerForRegisteredMem, p.canUseHostPointerForRegisteredMem},
      {cudaDevAttrMaxTexture2DWidth, p.maxTexture2D[0]},
      {cudaDevAttrMaxTexture2DLayeredLayers, p.maxTexture2DLayered[2]},
      {cudaDevAttrMaxTexture2DLinearPitch, p.maxTexture2DLinear[2]},
      {cudaDevAttrMaxTexture3DDepthAlt, p.maxTexture3DAlt[2]},
      {cudaDevAttrMaxSurface2DLayeredLayers, p.maxSurface2DLayered[2]},
      {cudaDevAttrMaxSurfaceCubemapLayeredLayers, p.maxSurfaceCubemapLayered[1]},
#if CUDART_VERSION < 13000
      {cudaDevAttrClockRate, p.clockRate},
      {cudaDevAttrMemoryClockRate, p.memoryClockRate},
      {cudaDevAttrGpuOverlap, p.deviceOverlap},
      {cudaDevAttrSingleToDoublePrecisionPerfRatio, p.singleToDoublePrecisionPerfRatio},
      {cudaDevAttrMaxTexture1DLinearWidth, p.maxTexture1DLinear},
#endif
  };
  for (const auto &one : same) {
    SUCCEEDS(cudaDeviceGetAttribute(&value, one.attribute, 0));
    if (value != one.value)
      std::printf("attribute %d: %d, %lld\n", one.attribute, value, one.value);
    CHECK(value == one.value);
  }
  CHECK(p.totalGlobalMem > (size_t)1 << 30);
  ANSWERS(cudaDeviceGetAttribute(&value, (cudaDeviceAttr)9999, 0), cudaErrorInvalidValue);
  int version;
  SUCCEEDS(cudaRuntimeGetVersion(&version));
  CHECK(version / 1000 == CUDART_VERSION / 1000);
  CHECK(!strcmp(cudaGetErrorName(cudaErrorInvalidValue), "cudaErrorInvalidValue"));
  CHECK(!strcmp(cudaGetErrorString(cudaErrorInvalidValue), "invalid argument"));
  CHECK(!strcmp(cudaGetErrorString((cudaError_t)12345), "unrecognized error code"));
  size_t stack;
  SUCCEEDS(cudaDeviceSetLimit(cudaLimitStackSize, 4096));
  SUCCEEDS(cudaDeviceGetLimit(&stack, cudaLimitStackSize));
  CHECK(stack == 4096);
  std::printf("device: passed\n");
}
