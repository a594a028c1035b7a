#include "common/stop_signal.h"

#include <csignal>

namespace {
volatile std::sig_atomic_t received = 0;

void on_signal(int number) {
  received = number;
  std::signal(number, SIG_DFL);
}
}  // namespace

void watch_stop_signals() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  if (std::signal(SIGHUP, on_signal) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
}

int stop_signal() {
  return received;
}

void throw_if_stopped() {
  if (received != 0) throw Stopped{received};
}
