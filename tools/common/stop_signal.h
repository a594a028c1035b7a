// Ctrl-C, SIGTERM and a closed terminal as a request that long work checks between steps.
#pragma once

/// Installs handlers for SIGINT, SIGTERM and, unless nohup has it ignored, SIGHUP. A second signal ends the
/// program at once.
void watch_stop_signals();

/// 0, or the number of the signal that arrived.
int stop_signal();

/// What leaves the program when nothing is worth saving: run_tool ends it with 128 + signal.
struct Stopped {
  int signal;
};

/// Throws Stopped once a signal has arrived.
void throw_if_stopped();
