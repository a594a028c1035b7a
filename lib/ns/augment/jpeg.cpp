#include "ns/augment/jpeg.h"

#include "ns/base/error.h"

#ifdef NESTKIT_JPEG
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <jpeglib.h>
#endif

namespace ns::augment {

#ifdef NESTKIT_JPEG
namespace {

// libjpeg's own handler ends the program. Its memory is freed by the owner's destructor.
[[noreturn]] void on_error(j_common_ptr info) {
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  throw internal_error(std::string("libjpeg: ") + text);
}

struct Compressor {
  jpeg_error_mgr errors{};
  jpeg_compress_struct info{};
  Compressor() {
    info.err = jpeg_std_error(&errors);
    errors.error_exit = on_error;
    jpeg_create_compress(&info);
  }
  ~Compressor() { jpeg_destroy_compress(&info); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
};

struct Decompressor {
  jpeg_error_mgr errors{};
  jpeg_decompress_struct info{};
  Decompressor() {
    info.err = jpeg_std_error(&errors);
    errors.error_exit = on_error;
    jpeg_create_decompress(&info);
  }
  ~Decompressor() { jpeg_destroy_decompress(&info); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
};

struct Free {
  void operator()(unsigned char* bytes) const { std::free(bytes); }
};

}  // namespace

bool jpeg_available() {
  return true;
}

void jpeg_round_trip(std::span<const std::uint8_t> in, ImageShape shape, int quality,
                     std::span<std::uint8_t> out) {
  const auto size = static_cast<std::size_t>(shape.size());
  if (in.size() != size || out.size() != size) {
    throw internal_error("JPEG of an image whose bytes do not fit its shape");
  }
  if (shape.c != 1 && shape.c != 3) {
    throw usage_error("jpeg: images have " + std::to_string(shape.c) + " channels, JPEG knows 1 and 3");
  }
  const auto row_bytes = static_cast<std::size_t>(shape.w) * static_cast<std::size_t>(shape.c);
  unsigned char* bytes = nullptr;
  unsigned long length = 0;
  {
    Compressor compressor;
    jpeg_mem_dest(&compressor.info, &bytes, &length);
    compressor.info.image_width = static_cast<JDIMENSION>(shape.w);
    compressor.info.image_height = static_cast<JDIMENSION>(shape.h);
    compressor.info.input_components = shape.c;
    compressor.info.in_color_space = shape.c == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&compressor.info);
    jpeg_set_quality(&compressor.info, quality, TRUE);
    compressor.info.dct_method = JDCT_ISLOW;
    jpeg_start_compress(&compressor.info, TRUE);
    for (int y = 0; y < shape.h; ++y) {
      // The library reads these rows only.
      auto* row = const_cast<JSAMPLE*>(in.data() + static_cast<std::size_t>(y) * row_bytes);
      jpeg_write_scanlines(&compressor.info, &row, 1);
    }
    jpeg_finish_compress(&compressor.info);
  }
  const std::unique_ptr<unsigned char, Free> owner(bytes);
  Decompressor decompressor;
  jpeg_mem_src(&decompressor.info, bytes, length);
  jpeg_read_header(&decompressor.info, TRUE);
  decompressor.info.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&decompressor.info);
  for (int y = 0; y < shape.h; ++y) {
    auto* row = out.data() + static_cast<std::size_t>(y) * row_bytes;
    jpeg_read_scanlines(&decompressor.info, &row, 1);
  }
  jpeg_finish_decompress(&decompressor.info);
}
#else
bool jpeg_available() {
  return false;
}

void jpeg_round_trip(std::span<const std::uint8_t>, ImageShape, int, std::span<std::uint8_t>) {
  throw usage_error("jpeg: this build has no libjpeg", "install libjpeg-dev and build again");
}
#endif

}  // namespace ns::augment
