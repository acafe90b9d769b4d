// Structures that the CUDA runtime's entry points take or return, laid out as its public
// documentation says (CUDA Runtime API reference, "Data types"). Names are this project's.
#ifndef NEEDLETAIL_CUDA_RUNTIME_TYPES_H
#define NEEDLETAIL_CUDA_RUNTIME_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef struct { uint32_t x, y, z; } CUDADim3;
typedef struct { size_t width, height, depth; } CUDAExtent;
typedef struct { size_t x, y, z; } CUDAPosition;
typedef struct { void *pointer; size_t pitch, xSize, ySize; } CUDAPitchedPointer;
typedef struct { int x, y, z, w; int kind; } CUDAChannelFormat;

typedef struct {
  void *sourceArray;
  CUDAPosition sourcePosition;
  CUDAPitchedPointer source;
  void *targetArray;
  CUDAPosition targetPosition;
  CUDAPitchedPointer target;
  CUDAExtent extent;
  int kind;
} CUDAMemcpy3D;

typedef struct {
  size_t sharedBytes, constantBytes, localBytes;
  int maxThreads, registers, ptxVersion, binaryVersion, cacheMode, maxDynamicShared, carveout;
  int clusterMustBeSet, clusterWidth, clusterHeight, clusterDepth, clusterPolicy, nonPortable;
  int reserved[16];
} CUDAFunctionAttributes;

typedef struct {
  int type;
  int device;
  void *devicePointer;
  void *hostPointer;
  long reserved[8];
} CUDAPointerAttributes;

typedef struct {
  int id;
  int padding;
  union { int integer; CUDADim3 size; uint8_t bytes[64]; } value;
} CUDALaunchAttribute;

typedef struct {
  CUDADim3 grid, block;
  size_t dynamicShared;
  void *stream;
  CUDALaunchAttribute *attributes;
  uint32_t attributeCount;
} CUDALaunchConfiguration;

typedef struct {
  void *function;
  CUDADim3 grid, block;
  uint32_t sharedBytes;
  void **arguments;
  void **extra;
} CUDAKernelNode;

typedef struct {
  void *target;
  size_t pitch;
  uint32_t value, elementBytes;
  size_t width, height;
} CUDAMemset;

typedef struct { void (*function)(void *); void *data; } CUDAHostNode;

typedef struct {
  int type;
  union {
    struct { void *array; } array;
    struct { void *pointer; CUDAChannelFormat format; size_t bytes; } linear;
    struct {
      void *pointer;
      CUDAChannelFormat format;
      size_t width, height, pitch;
    } pitched;
    int reserved[32];
  } resource;
  uint32_t flags;
} CUDAResource;

typedef struct {
  int addressMode[3];
  int filterMode, readMode, sRGB;
  float borderColor[4];
  int normalizedCoordinates;
  uint32_t maxAnisotropy;
  int mipmapFilterMode;
  float mipmapLevelBias, minMipmapLevel, maxMipmapLevel;
  int disableTrilinear, seamlessCubemap;
} CUDATexture;

// What the fat binary wrapper of a program points at.
typedef struct { int magic, version; const void *data; void *files; } CUDAFatBinaryWrapper;

// The program's own standard output, which device printf shares.
void needletail_print(const void *bytes, size_t count);
void needletail_flush(void);
/// Writes a line into the named pipe `path`; nothing when nobody reads it.
void needletail_tell(const char *path, const char *line, size_t bytes);
/// Kills this process as soon as nobody reads the named pipe any more.
void needletail_end_with_reader(const char *path);

// Major version of the library whose place this one takes: by the name, `…/libcudart.so.12`, under
// which the loader found it.
int needletail_runtime_version(void);

// Called by entry points that are not supported; answers cudaErrorNotSupported.
int needletail_unsupported(const char *name);

#endif
