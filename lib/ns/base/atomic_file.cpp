#include "ns/base/atomic_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "ns/base/error.h"

namespace ns {
namespace {

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

Error already_exists(const std::string& path) {
  return usage_error(path + ": exists already", "pass --overwrite to replace it");
}

// A link is written through, not replaced by a file; it may point to a file that does not exist yet.
std::string resolved(const std::string& path) {
  namespace fs = std::filesystem;
  constexpr int kMostLinks = 40;  // as in Linux
  fs::path target = path;
  std::error_code not_a_link;
  for (int links = 0; links < kMostLinks; ++links) {
    const fs::path next = fs::read_symlink(target, not_a_link);
    if (not_a_link) return target.string();
    target = target.parent_path() / next;
  }
  throw usage_error(path + ": too many symbolic links, one after the other");
}

}  // namespace

AtomicFile::AtomicFile(std::string path, Overwrite overwrite) : path_(resolved(path)), overwrite_(overwrite) {
  if (path_.empty()) {
    throw usage_error("the output needs a name, found an empty one");
  }
  if (path_ == "-") {
    throw usage_error("-: this output is a file, never standard output", "a file of that name is ./-");
  }
  struct stat status {};
  if (::stat(path_.c_str(), &status) == 0) {
    // Renaming over a device or a folder would destroy it.
    if (!S_ISREG(status.st_mode)) {
      throw usage_error(path_ + ": is not a regular file");
    }
    if (overwrite_ == Overwrite::kNo) {
      throw already_exists(path_);
    }
  }
  static std::atomic<unsigned> count{0};
  temporary_ = path_ + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    if (errno == ENOENT) {
      throw environment_error(path_ + ": folder " + folder_of(path_) + " does not exist");
    }
    fail("cannot be created");
  }
}

AtomicFile::~AtomicFile() {
  discard();
}

void AtomicFile::write(std::span<const std::uint8_t> bytes) {
  if (descriptor_ < 0) {
    throw internal_error(path_ + ": written after commit or failure");
  }
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      fail("cannot be written");
    }
  }
}

void AtomicFile::write(std::string_view text) {
  write(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

void AtomicFile::commit() {
  if (descriptor_ < 0) {
    throw internal_error(path_ + ": committed twice or after a failure");
  }
  if (::fsync(descriptor_) != 0) {
    fail("cannot be written");
  }
  // Delayed allocation and network file systems report a full disk here.
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) {
    fail("cannot be written");
  }
  int renamed = -1;
  if (overwrite_ == Overwrite::kNo) {
    renamed = ::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE);
    if (renamed != 0 && errno == EEXIST) {
      discard();
      throw already_exists(path_);
    }
  }
  // Not every file system knows RENAME_NOREPLACE; the constructor has checked.
  if (renamed != 0 && (overwrite_ == Overwrite::kYes || errno == EINVAL || errno == ENOSYS)) {
    renamed = ::rename(temporary_.c_str(), path_.c_str());
  }
  if (renamed != 0) {
    fail("cannot be renamed into place");
  }
  temporary_.clear();
  const int folder = ::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
}

void AtomicFile::fail(const char* action) {
  const std::string reason = std::strerror(errno);
  discard();
  throw environment_error(path_ + ": " + action + ": " + reason);
}

void AtomicFile::discard() noexcept {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    descriptor_ = -1;
    ::unlink(temporary_.c_str());
  } else if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
  }
  temporary_.clear();
}

void check_writable(const std::string& path, Overwrite overwrite, std::initializer_list<std::string> inputs) {
  for (const std::string& input : inputs) {
    std::error_code missing;
    if (std::filesystem::equivalent(path, input, missing)) {
      throw usage_error(path + ": is also an input, and inputs are never modified", "choose another output");
    }
  }
  AtomicFile probe(path, overwrite);
}

}  // namespace ns
