#include "ns/data/idx.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <span>

#include "ns/base/error.h"
#include "ns/base/mapped_file.h"
#include "ns/data/gzip.h"

namespace ns::data {
namespace {

// Deflate expands at most 1032-fold (a length/distance pair of two bits stands for 258 bytes).
constexpr std::size_t kMaxExpansion = 1032;
constexpr std::uint8_t kUnsignedByte = 0x08;

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text = "0x";
  for (const std::uint8_t byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof(digits), "%02x", byte);
    text += digits;
  }
  return text;
}

void check_magic(std::span<const std::uint8_t> magic, std::size_t dimensions, const std::string& path) {
  const std::uint8_t expected[4] = {0, 0, kUnsignedByte, static_cast<std::uint8_t>(dimensions)};
  if (std::equal(magic.begin(), magic.end(), expected)) {
    return;
  }
  const bool idx = magic[0] == 0 && magic[1] == 0;
  throw input_error(path + ": expected magic number " + hex(expected) + " (IDX, unsigned bytes, " +
                    std::to_string(dimensions) + " dimensions), found " + hex(magic) +
                    (!idx                        ? ", which is not IDX"
                     : magic[2] != kUnsignedByte ? ", another element type"
                                                 : ", another number of dimensions"));
}

// Product of the extents, at most `limit`.
std::size_t checked_size(const std::vector<std::size_t>& extents, std::size_t limit,
                         const std::string& path) {
  std::size_t size = 1;
  std::string text;
  bool fits = true;
  for (const std::size_t extent : extents) {
    text += (text.empty() ? "" : " x ") + std::to_string(extent);
    fits = fits && !__builtin_mul_overflow(size, extent, &size);
  }
  if (std::find(extents.begin(), extents.end(), std::size_t{0}) != extents.end()) {
    throw input_error(path + ": announces " + text + " bytes: an extent is 0");
  }
  if (!fits || size > limit) {
    throw input_error(path + ": announces " + text + " bytes, more than the file can hold (" +
                      std::to_string(limit) + "): truncated or damaged");
  }
  return size;
}

}  // namespace

IdxArray read_idx(const std::string& path, std::size_t dimensions) {
  const MappedFile file(path);
  if (file.size() == 0) {
    throw input_error(path + ": is empty, expected IDX data");
  }
  const bool compressed = is_gzip(file.bytes());
  std::optional<GzipReader> gzip;
  if (compressed) {
    gzip.emplace(file.bytes(), path);
  }
  std::span<const std::uint8_t> plain = file.bytes();
  const auto read = [&](std::span<std::uint8_t> out) {
    if (compressed) {
      return gzip->read(out);
    }
    const std::size_t count = std::min(out.size(), plain.size());
    std::copy_n(plain.begin(), count, out.begin());
    plain = plain.subspan(count);
    return count;
  };

  std::vector<std::uint8_t> header(4 + 4 * dimensions);
  const std::size_t found = read(header);
  if (found >= 4) {
    check_magic(std::span(header).first(4), dimensions, path);
  }
  if (found < header.size()) {
    throw input_error(path + ": is truncated: expected a header of " + std::to_string(header.size()) +
                      " bytes, found " + std::to_string(found));
  }
  IdxArray array;
  for (std::size_t at = 4; at < header.size(); at += 4) {
    array.extents.push_back(std::size_t{header[at]} << 24 | std::size_t{header[at + 1]} << 16 |
                            std::size_t{header[at + 2]} << 8 | header[at + 3]);
  }
  const std::size_t limit = compressed ? file.size() * kMaxExpansion : plain.size();
  array.bytes.resize(checked_size(array.extents, limit, path));
  if (const std::size_t count = read(array.bytes); count < array.bytes.size()) {
    throw input_error(path + ": is truncated: expected " + std::to_string(array.bytes.size()) +
                      " data bytes, found " + std::to_string(count));
  }
  // One byte more also makes zlib check the sum at the end of its stream.
  std::uint8_t beyond = 0;
  if (read({&beyond, 1}) != 0) {
    throw input_error(path + ": bytes follow the announced " + std::to_string(array.bytes.size()) +
                      " data bytes");
  }
  return array;
}

}  // namespace ns::data
