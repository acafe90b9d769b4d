// How the runtime talks to the command that started the program: a named pipe that only the
// command reads. No disk is needed, and its end is seen at once.
#define _GNU_SOURCE
#include "CUDARuntimeTypes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

void needletail_tell(const char *path, const char *line, size_t bytes) {
  int pipe = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (pipe < 0) return;
  // One write of a line is not mixed with those of other processes.
  for (int attempt = 0; attempt < 50; attempt++) {
    if (write(pipe, line, bytes) >= 0 || (errno != EAGAIN && errno != EINTR)) break;
    struct pollfd room = {.fd = pipe, .events = POLLOUT};
    poll(&room, 1, 100);
  }
  close(pipe);
}

static void *wait_for_end(void *argument) {
  // A pipe without readers is an error; nothing else wakes this thread.
  struct pollfd pipe = {.fd = (int)(intptr_t)argument, .events = 0};
  for (;;) {
    if (poll(&pipe, 1, -1) < 0 && errno != EINTR) return NULL;
    if (pipe.revents & POLLERR) kill(getpid(), SIGKILL);
    if (pipe.revents & POLLNVAL) return NULL;
  }
}

void needletail_end_with_reader(const char *path) {
  int pipe = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  // The command has ended already.
  if (pipe < 0 && (errno == ENXIO || errno == ENOENT)) kill(getpid(), SIGKILL);
  if (pipe < 0) return;
  // The program's signals are the program's.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 64 << 10);
  pthread_t thread;
  if (pthread_create(&thread, &attributes, wait_for_end, (void *)(intptr_t)pipe) != 0) close(pipe);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}
