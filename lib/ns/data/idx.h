// The IDX format of MNIST and its descendants (http://yann.lecun.com/exdb/mnist), plain or gzip-compressed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ns::data {

/// Unsigned bytes in row-major order.
struct IdxArray {
  std::vector<std::size_t> extents;
  std::vector<std::uint8_t> bytes;
};

/// Throws Error(kInput) naming the file and what was expected and found if it is missing, empty, truncated or
/// too long, if its magic number, element type or number of dimensions is another, or if an extent is 0.
/// Extents are checked against what the file can hold before anything is allocated.
IdxArray read_idx(const std::string& path, std::size_t dimensions);

}  // namespace ns::data
