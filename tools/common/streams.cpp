#include "common/streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include "ns/base/error.h"

void StandardOutput::check(bool ok) {
  if (ok) return;
  if (errno == EPIPE) {
    reader_gone_ = true;
    return;
  }
  throw ns::environment_error(std::string("cannot write to standard output: ") + std::strerror(errno));
}

void StandardOutput::write(std::string_view text) {
  if (reader_gone_) return;
  errno = 0;
  check(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void StandardOutput::line(std::string_view text) {
  write(std::string(text) + "\n");
  finish();
}

void StandardOutput::finish() {
  if (!reader_gone_) check(std::fflush(stdout) == 0);
}

StandardOutput& standard_output() {
  static StandardOutput output;
  return output;
}

void guard_standard_streams() {
  std::signal(SIGPIPE, SIG_IGN);
  for (int fd = 0; fd <= 2; ++fd) {
    if (fcntl(fd, F_GETFD) == -1 && errno == EBADF) {
      // Read-only, so that a write to a closed stdout still fails instead of vanishing.
      const int filler = open("/dev/null", O_RDONLY | O_CLOEXEC);
      if (filler != fd && filler >= 0) close(filler);
    }
  }
}
