// A stand-in for a CUDA program, for tests without a CUDA compiler: it does what its arguments
// say, in order.
//   fat=FILE      registers the fat binary in FILE     kernel=NAME  registers a kernel of it
//   launch=CTAS   launches the last kernel             sync         waits for it
//   pid=FILE      writes its process number            exit=N       ends with a status
//   abort, fault  die by SIGABRT, SIGSEGV              forever      computes on the host for ever
//   deaf          ignores SIGTERM and SIGINT           polite       ends in order at SIGTERM
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct { uint32_t x, y, z; } Size;

static void *library;
static char hostFunction;

static void *entry(const char *name) {
  void *function = dlsym(library, name);
  if (function) return function;
  fprintf(stderr, "no %s\n", name);
  exit(3);
}

// The wrapper that compiled programs keep around a fat binary.
static struct { int32_t magic, version; const void *data; void *unused; } wrapper;

static void **registerFile(const char *path) {
  int file = open(path, O_RDONLY);
  struct stat information;
  if (file < 0 || fstat(file, &information) != 0) { perror(path); exit(3); }
  wrapper.magic = 0x466243b1;
  wrapper.version = 1;
  wrapper.data = mmap(NULL, information.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  return ((void **(*)(void *))entry("__cudaRegisterFatBinary"))(&wrapper);
}

static void leave(int number) {
  (void)number;
  exit(0);
}

static void check(const char *what, int status) {
  if (status == 0) return;
  fprintf(stderr, "%s: %d\n", what, status);
  exit(4);
}

int main(int count, char **arguments) {
  library = dlopen("libcudart.so.13", RTLD_NOW | RTLD_GLOBAL);
  if (!library) { fprintf(stderr, "%s\n", dlerror()); return 3; }
  void **module = NULL;
  for (int index = 1; index < count; index++) {
    char *action = arguments[index], *value = strchr(action, '=');
    if (value) *value++ = 0;
    if (!strcmp(action, "fat")) {
      module = registerFile(value);
    } else if (!strcmp(action, "kernel")) {
      ((void (*)(void *, const void *, char *, const char *, int, void *, void *, void *, void *,
                 int *))entry("__cudaRegisterFunction"))(
          module, &hostFunction, value, value, -1, NULL, NULL, NULL, NULL, NULL);
    } else if (!strcmp(action, "launch")) {
      Size grid = {atoi(value), 1, 1}, block = {32, 1, 1};
      check("launch",
            ((int (*)(const void *, Size, Size, void **, size_t, void *))entry("cudaLaunchKernel"))(
                &hostFunction, grid, block, NULL, 0, NULL));
    } else if (!strcmp(action, "sync")) {
      check("sync", ((int (*)(void))entry("cudaDeviceSynchronize"))());
    } else if (!strcmp(action, "pid")) {
      FILE *file = fopen(value, "w");
      fprintf(file, "%d\n", (int)getpid());
      fclose(file);
    } else if (!strcmp(action, "exit")) {
      return atoi(value);
    } else if (!strcmp(action, "abort")) {
      abort();
    } else if (!strcmp(action, "fault")) {
      raise(SIGSEGV);
    } else if (!strcmp(action, "forever")) {
      for (volatile int spin = 0;; spin++) continue;
    } else if (!strcmp(action, "deaf")) {
      signal(SIGTERM, SIG_IGN);
      signal(SIGINT, SIG_IGN);
    } else if (!strcmp(action, "polite")) {
      signal(SIGTERM, leave);
    } else {
      fprintf(stderr, "unknown action %s\n", action);
      return 3;
    }
  }
  return 0;
}
