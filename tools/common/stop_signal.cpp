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
}

int stop_signal() {
  return received;
}
