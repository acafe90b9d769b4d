#define _GNU_SOURCE
#include "CUDARuntimeTypes.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

void needletail_print(const void *bytes, size_t count) { fwrite(bytes, 1, count, stdout); }

void needletail_flush(void) { fflush(stdout); }

int needletail_runtime_version(void) {
  Dl_info info;
  if (!dladdr((void *)needletail_runtime_version, &info) || !info.dli_fname) return 13;
  const char *end = strrchr(info.dli_fname, '.');
  return end && !strcmp(end, ".12") ? 12 : 13;
}
