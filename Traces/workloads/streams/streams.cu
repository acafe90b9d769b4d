// Streams and events: work of several streams in pieces, one stream waiting for another's event,
// host functions among the work, priorities, and elapsed times.
#include "check.h"

__global__ void scale(float *data, float factor, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) data[i] *= factor;
}

__global__ void combine(const float *a, const float *b, float *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = a[i] - b[i];
}

void count(void *counter) { ++*(int *)counter; }

int main(int argc, char **argv) {
  int n = argument(argc, argv, 1, 8000);
  constexpr int streamCount = 4;
  Generator random;
  float *host, *result;
  CHECK(cudaMallocHost(&host, streamCount * n * sizeof(float)));
  CHECK(cudaMallocHost(&result, streamCount * n * sizeof(float)));
  for (int i = 0; i < streamCount * n; i++) host[i] = random.unit();

  Verdict verdict("streams");
  int least, greatest;
  CHECK(cudaDeviceGetStreamPriorityRange(&least, &greatest));
  verdict.expect(greatest <= least, "priorities");
  cudaStream_t streams[streamCount];
  cudaEvent_t begin, end, half;
  for (int s = 0; s < streamCount; s++)
    CHECK(cudaStreamCreateWithPriority(&streams[s], cudaStreamNonBlocking,
                                       s % 2 ? least : greatest));
  CHECK(cudaEventCreate(&begin));
  CHECK(cudaEventCreate(&end));
  CHECK(cudaEventCreateWithFlags(&half, cudaEventDisableTiming));

  // In, compute, out, each stream its piece.
  Device<float> data(streamCount * n), difference(n);
  int called[streamCount] = {};
  CHECK(cudaEventRecord(begin, streams[0]));
  for (int s = 0; s < streamCount; s++) {
    float *piece = data + s * n;
    CHECK(cudaMemcpyAsync(piece, host + s * n, n * sizeof(float), cudaMemcpyHostToDevice,
                          streams[s]));
    scale<<<ceilDivide(n, 256), 256, 0, streams[s]>>>(piece, s + 1.5f, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpyAsync(result + s * n, piece, n * sizeof(float), cudaMemcpyDeviceToHost,
                          streams[s]));
    CHECK(cudaLaunchHostFunc(streams[s], count, &called[s]));
  }
  CHECK(cudaEventRecord(end, streams[0]));

  // Stream 1 takes what stream 2 has made.
  CHECK(cudaEventRecord(half, streams[2]));
  CHECK(cudaStreamWaitEvent(streams[1], half, 0));
  combine<<<ceilDivide(n, 256), 256, 0, streams[1]>>>(data + n, data + 2 * n, difference, n);
  CHECK(cudaGetLastError());

  for (cudaStream_t stream : streams) CHECK(cudaStreamSynchronize(stream));
  CHECK(cudaEventSynchronize(end));
  for (cudaStream_t stream : streams) CHECK(cudaStreamQuery(stream));
  CHECK(cudaEventQuery(end));
  float milliseconds = -1;
  CHECK(cudaEventElapsedTime(&milliseconds, begin, end));
  verdict.expect(milliseconds >= 0, "elapsed time");
  verdict.expect(cudaEventElapsedTime(&milliseconds, begin, half) != cudaSuccess,
                 "time of an event without");
  cudaGetLastError();
  for (int s = 0; s < streamCount; s++) {
    verdict.expect(called[s] == 1, "host function", s);
    for (int i = 0; i < n; i++)
      verdict.expect(result[s * n + i] == host[s * n + i] * (s + 1.5f), "piece", s * n + i);
  }
  auto found = difference.get();
  for (int i = 0; i < n; i++)
    verdict.expect(found[i] == host[n + i] * 2.5f - host[2 * n + i] * 3.5f, "difference", i);

  CHECK(cudaEventDestroy(begin));
  CHECK(cudaEventDestroy(end));
  CHECK(cudaEventDestroy(half));
  for (cudaStream_t stream : streams) CHECK(cudaStreamDestroy(stream));
  CHECK(cudaFreeHost(host));
  CHECK(cudaFreeHost(result));
  return verdict.finish();
}
