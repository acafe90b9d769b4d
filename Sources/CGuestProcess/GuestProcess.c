#define _GNU_SOURCE
#include "GuestProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { caughtCount = sizeof caught / sizeof *caught };

static volatile sig_atomic_t waiting[caughtCount], terminal[caughtCount];

static void remember(int number, siginfo_t *information, void *context) {
  (void)context;
  for (int index = 0; index < caughtCount; index++)
    if (caught[index] == number) {
      // Signals of processes have codes up to 0.
      terminal[index] = information->si_code > 0;
      waiting[index] = 1;
    }
}

static void nothing(int number) { (void)number; }

void needletail_catch_signals(void) {
  // Callers with many threads start programs with signals blocked.
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  for (int index = 0; index < caughtCount; index++) {
    struct sigaction old, action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = remember;
    action.sa_flags = SA_SIGINFO;
    if (sigaction(caught[index], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
      sigaction(caught[index], &action, NULL);
    sigaddset(&wanted, caught[index]);
  }
  sigprocmask(SIG_UNBLOCK, &wanted, NULL);
  // The end of a child interrupts a wait.
  signal(SIGCHLD, nothing);
}

int needletail_next_signal(bool *fromTerminal) {
  for (int index = 0; index < caughtCount; index++)
    if (waiting[index]) {
      waiting[index] = 0;
      *fromTerminal = terminal[index];
      return caught[index];
    }
  return 0;
}

void needletail_end_by_signal(int number) {
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, number);
  sigprocmask(SIG_UNBLOCK, &only, NULL);
  signal(number, SIG_DFL);
  raise(number);
  _exit(128 + number);
}

/// A text may be a script; other files that the system does not know are damaged.
static bool isText(const char *path) {
  unsigned char bytes[80];
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t count = file < 0 ? -1 : read(file, bytes, sizeof bytes);
  if (file >= 0) close(file);
  for (ssize_t index = 0; index < count; index++)
    if (bytes[index] < '\t' || bytes[index] == 0x7f) return false;
  return count > 0;
}

static void execute(const char *path, char *const arguments[], char *const environment[]) {
  execve(path, arguments, environment);
  if (errno != ENOEXEC) return;
  if (!isText(path)) {
    errno = ENOEXEC;
    return;
  }
  int count = 0;
  while (arguments[count]) count++;
  char **script = malloc((count + 2) * sizeof *script);
  if (!script) return;
  script[0] = "/bin/sh";
  script[1] = (char *)path;
  for (int index = 1; index <= count; index++) script[index + 1] = arguments[index];
  execve(script[0], script, environment);
}

int needletail_spawn(
    const char *path, char *const arguments[], char *const environment[], pid_t *process) {
  int failure[2];
  if (pipe2(failure, O_CLOEXEC) != 0) return errno;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) {
    // Handlers do not survive exec; what the caller ignores stays ignored.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent) execute(path, arguments, environment);
    int error = errno;
    while (write(failure[1], &error, sizeof error) < 0 && errno == EINTR) continue;
    _exit(127);
  }
  int error = child < 0 ? errno : 0;
  close(failure[1]);
  if (child > 0) {
    int said;
    ssize_t count;
    while ((count = read(failure[0], &said, sizeof said)) < 0 && errno == EINTR) continue;
    if (count == sizeof said) {
      error = said;
      while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
    }
  }
  close(failure[0]);
  *process = child;
  return error;
}
