#include "ns/base/temporary_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "ns/base/error.h"

namespace ns {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::error_code missing;
  const std::string to_be_chosen(6, 'X');  // by mkdtemp
  path_ = (fs::temp_directory_path(missing) / ("nestkit-" + to_be_chosen)).string();
  if (missing)
    throw environment_error("no folder for temporary files: " + missing.message(), "TMPDIR names one");
  if (::mkdtemp(path_.data()) == nullptr) {
    throw environment_error("cannot create the temporary folder " + path_ + ": " + std::strerror(errno));
  }
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace ns
