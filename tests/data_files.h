// Small data set files, good and bad, made by the tests themselves.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <vector>

#include "temp_folder.h"

/// IDX text of the given magic type byte and extents, followed by `data`.
inline std::string idx_text(const std::vector<std::uint32_t>& extents, const std::string& data,
                            char type = 0x08) {
  std::string text{0, 0, type, static_cast<char>(extents.size())};
  for (const std::uint32_t extent : extents) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      text += static_cast<char>(extent >> shift);
    }
  }
  return text + data;
}

inline std::string gzip_text(const std::string& text) {
  std::string out(text.size() + 1000, '\0');
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

/// A folder of n Fashion-MNIST-like images of h x w pixels in both parts: pixel value (7·image + position)
/// mod 256, label image mod 10.
inline void write_mnist_like(const std::string& folder, std::uint32_t n, std::uint32_t h, std::uint32_t w) {
  std::string pixels, labels;
  for (std::uint32_t i = 0; i < n; ++i) {
    for (std::uint32_t p = 0; p < h * w; ++p) {
      pixels += static_cast<char>(7 * i + p);
    }
    labels += static_cast<char>(i % 10);
  }
  for (const char* part : {"train", "t10k"}) {
    const std::string prefix = folder + "/" + part;
    write_text(prefix + "-images-idx3-ubyte.gz", gzip_text(idx_text({n, h, w}, pixels)));
    write_text(prefix + "-labels-idx1-ubyte.gz", gzip_text(idx_text({n}, labels)));
  }
}

/// One CIFAR-10 record whose planes hold r, g and b, plus the pixel's position mod 8.
inline std::string cifar_record(char label, std::uint8_t r, std::uint8_t g, std::uint8_t b) {
  std::string text(1, label);
  for (const std::uint8_t plane : {r, g, b}) {
    for (int p = 0; p < 1024; ++p) {
      text += static_cast<char>(plane + p % 8);
    }
  }
  return text;
}
