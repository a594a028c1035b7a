#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace ns::data {

/// Whether the bytes begin like a gzip file (RFC 1952).
bool is_gzip(std::span<const std::uint8_t> bytes);

/// Decompresses one gzip stream piece by piece; the compressed bytes must outlive it. Damage, truncation and
/// bytes after the end of the stream are an Error(kInput) opened by `origin`.
class GzipReader {
 public:
  GzipReader(std::span<const std::uint8_t> compressed, std::string origin);
  ~GzipReader();

  /// Fills `out` as far as the stream goes; returns the bytes written, fewer than asked for only at the end
  /// of the stream.
  std::size_t read(std::span<std::uint8_t> out);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  std::string origin_;
};

}  // namespace ns::data
