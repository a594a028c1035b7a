// A place for files that other programs read.
#pragma once

#include <string>

namespace ns {

/// A private folder below TMPDIR, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();  ///< throws Error(kEnvironment)
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace ns
