// Output files that are either complete or not there.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace ns {

enum class Overwrite { kNo, kYes };

/// Writes to a temporary in the target's folder; commit() makes it durable and gives it the final name.
/// Without commit() nothing remains. Throws Error(kUsage) if the target exists and may not be overwritten, is
/// not a regular file, or is called "" or "-"; Error(kEnvironment) naming path and reason for a missing
/// folder, a full disk and every other system failure.
class AtomicFile {
 public:
  AtomicFile(std::string path, Overwrite overwrite);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::uint8_t> bytes);
  void write(std::string_view text);
  void commit();

 private:
  [[noreturn]] void fail(const char* action);
  void discard() noexcept;

  std::string path_, temporary_;
  Overwrite overwrite_;
  int descriptor_ = -1;
};

/// Throws what AtomicFile's constructor would, and Error(kUsage) if the target is one of `inputs`, which are
/// never modified: lets a program check its outputs before hours of work.
void check_writable(const std::string& path, Overwrite overwrite,
                    std::initializer_list<std::string> inputs = {});

}  // namespace ns
