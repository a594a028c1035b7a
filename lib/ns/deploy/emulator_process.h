// One run of a firmware on QEMU's mps2-an500.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ns/base/temporary_folder.h"

namespace ns::deploy {

struct EmulatorOptions {
  std::string elf;                       ///< the firmware, nestkit-m7.elf
  std::string qemu = "qemu-system-arm";  ///< looked up in PATH
  unsigned processes = 2;                ///< emulators that share a batch
  double silence_seconds = 60;           ///< an emulator that writes nothing for so long is given up
};

enum class Counting { kOff, kInstructions };  ///< counting makes the emulator about three times slower

/// A firmware that is running. Its files lie in its own temporary folder, which is its working directory; its
/// console, too.
class EmulatorProcess {
 public:
  /// Throws Error(kEnvironment) if the ELF or the emulator is missing. `model` may be empty.
  EmulatorProcess(const EmulatorOptions& options, const std::string& model);
  ~EmulatorProcess();  ///< kills it if it still runs
  EmulatorProcess(const EmulatorProcess&) = delete;
  EmulatorProcess& operator=(const EmulatorProcess&) = delete;

  std::string file(const std::string& name) const { return folder_.file(name); }
  std::uintmax_t file_bytes(const std::string& name) const;  ///< 0 if there is no such file
  /// Names a file whose growth also counts as a sign of life.
  void watch(const std::string& name) { watched_.push_back(name); }

  /// words: the firmware's command line; no blanks in a word.
  void start(const std::vector<std::string>& words, Counting counting);
  /// True once it has ended. Throws Error(kEnvironment) when it has been silent for too long or died of a
  /// signal.
  bool finished();
  /// Its exit status, after finished(). Throws Error(kEnvironment) for a fault of the core.
  int exit_status() const;
  std::string console() const;

 private:
  EmulatorOptions options_;
  std::string model_;
  TemporaryFolder folder_;
  std::vector<std::string> watched_;
  pid_t pid_ = -1;
  int status_ = 0;
  std::uintmax_t written_ = 0;
  std::chrono::steady_clock::time_point last_sign_;
};

/// Starts, waits, and returns the exit status; the console goes to *console. `waiting` is called now and then
/// and may throw: that ends the run.
int run_firmware(const EmulatorOptions& options, const std::string& model,
                 const std::vector<std::string>& words, Counting counting, std::string* console,
                 const std::function<void()>& waiting = {});

}  // namespace ns::deploy
