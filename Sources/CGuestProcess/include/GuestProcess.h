// Starting a program so that it never outlives its caller, and signals that end both.
#ifndef NEEDLETAIL_GUEST_PROCESS_H
#define NEEDLETAIL_GUEST_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/// Starts a program that the system kills when the calling thread ends. Gives 0, or an `errno`.
/// A script without an interpreter line goes to the shell, as shells do.
int needletail_spawn(
    const char *path, char *const arguments[], char *const environment[], pid_t *process);

/// From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT are remembered; those that were ignored stay so.
void needletail_catch_signals(void);

/// The next remembered signal, or 0. `fromTerminal`: the whole foreground group has it already.
int needletail_next_signal(bool *fromTerminal);

/// Ends the calling process as the signal would have.
void needletail_end_by_signal(int number);

#endif
