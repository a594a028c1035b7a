#include "common/artifact_stream.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "common/streams.h"
#include "ns/base/atomic_file.h"
#include "ns/base/error.h"

namespace {

constexpr const char* kStandardInput = "/dev/stdin";

void write_all(int descriptor, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t written = ::write(descriptor, bytes, count);
    if (written < 0 && errno != EINTR) {
      throw ns::environment_error(std::string("cannot keep standard input: ") + std::strerror(errno));
    }
    if (written > 0) {
      bytes += written;
      count -= static_cast<std::size_t>(written);
    }
  }
}

// Replaces a pipe on descriptor 0 by a file in memory with the same content.
void keep_standard_input() {
  struct stat status {};
  if (::fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode)) return;
  const int kept = ::memfd_create("standard input", MFD_CLOEXEC);
  std::array<char, 65536> block;
  ssize_t count = 0;
  while ((count = ::read(STDIN_FILENO, block.data(), block.size())) != 0) {
    if (count > 0) write_all(kept, block.data(), static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) {
      throw ns::environment_error(std::string("cannot read standard input: ") + std::strerror(errno));
    }
  }
  if (kept < 0 || ::dup2(kept, STDIN_FILENO) < 0) {
    throw ns::environment_error(std::string("cannot keep standard input: ") + std::strerror(errno));
  }
  ::close(kept);
}

}  // namespace

CLI::Validator artifact_input() {
  return {[](std::string& path) {
            if (path != "-") return std::string();
            if (::isatty(STDIN_FILENO) != 0) return std::string("a terminal has no artifact for '-'");
            keep_standard_input();
            path = kStandardInput;
            return std::string();
          },
          ""};
}

ArtifactOutput::ArtifactOutput(const OutputOptions& options, bool json,
                               std::initializer_list<std::string> inputs)
    : options_(options), piped_(options.output == "-") {
  if (!piped_) {
    ns::check_writable(options.output, options.overwrite ? ns::Overwrite::kYes : ns::Overwrite::kNo, inputs);
  } else if (json) {
    throw ns::usage_error("--json and --output - both want standard output");
  } else if (::isatty(STDOUT_FILENO) != 0) {
    throw ns::usage_error("a binary file would not do a terminal good", "name a file, or pipe it on");
  }
}

void ArtifactOutput::report(std::string_view text) {
  if (piped_) {
    std::fwrite(text.data(), 1, text.size(), stderr);
  } else {
    standard_output().write(text);
    standard_output().finish();
  }
}

void ArtifactOutput::write(std::span<const std::uint8_t> artifact) {
  if (piped_) {
    standard_output().write({reinterpret_cast<const char*>(artifact.data()), artifact.size()});
    standard_output().finish();
    return;
  }
  ns::AtomicFile file(options_.output, options_.overwrite ? ns::Overwrite::kYes : ns::Overwrite::kNo);
  file.write(artifact);
  file.commit();
}
