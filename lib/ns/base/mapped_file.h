// A file's bytes without copying them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ns {

/// A read-only memory map of a whole file. Throws Error(kInput) naming the path if it is missing or not a
/// regular file, Error(kEnvironment) if the system cannot read it. An empty file is an empty span.
class MappedFile {
 public:
  explicit MappedFile(std::string path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;

  const std::string& path() const { return path_; }
  std::size_t size() const { return size_; }
  std::span<const std::uint8_t> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  std::string path_;
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ns
