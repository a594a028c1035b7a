#include "ns/data/image_file.h"

#include <algorithm>
#include <array>

#include "ns/base/error.h"
#include "ns/base/mapped_file.h"

#ifdef NESTKIT_JPEG
#include <cstdio>

#include <jpeglib.h>
#endif
#ifdef NESTKIT_PNG
#include <png.h>
#endif

namespace ns::data {
namespace {

// The image with room for its pixels.
[[maybe_unused]] Image blank(std::uint64_t width, std::uint64_t height, int channels) {
  constexpr std::uint64_t kMaxPixels = 1 << 26;
  if (width == 0 || height == 0 || height > kMaxPixels / width) {
    throw input_error(std::to_string(width) + "x" + std::to_string(height) + " pixels are too many");
  }
  Image image{{static_cast<int>(height), static_cast<int>(width), channels}, {}};
  image.pixels.resize(static_cast<std::size_t>(image.shape.size()));
  return image;
}

#ifdef NESTKIT_JPEG
// libjpeg's own handlers end the program, or print. Its memory is freed by the destructor.
struct Decompressor {
  jpeg_error_mgr errors{};
  jpeg_decompress_struct info{};
  Decompressor() {
    info.err = jpeg_std_error(&errors);
    errors.error_exit = [](j_common_ptr common) { fail(common); };
    // A warning is corrupt data that libjpeg would paint over, e.g. a file that ends early.
    errors.emit_message = [](j_common_ptr common, int level) {
      if (level < 0) fail(common);
    };
    jpeg_create_decompress(&info);
  }
  ~Decompressor() { jpeg_destroy_decompress(&info); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  [[noreturn]] static void fail(j_common_ptr common) {
    char text[JMSG_LENGTH_MAX];
    common->err->format_message(common, text);
    throw input_error(text);
  }
};

Image decode_jpeg(const MappedFile& file, int channels) {
  Decompressor decompressor;
  jpeg_decompress_struct& info = decompressor.info;
  jpeg_mem_src(&info, file.bytes().data(), file.size());
  jpeg_read_header(&info, TRUE);
  Image image = blank(info.image_width, info.image_height, channels);
  info.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  info.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&info);
  std::uint8_t* row = image.pixels.data();
  for (int y = 0; y < image.shape.h; ++y, row += std::ptrdiff_t{image.shape.w} * channels) {
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return image;
}
#else
Image decode_jpeg(const MappedFile&, int) {
  throw usage_error("this build cannot read JPEG files", "install libjpeg-dev and build again");
}
#endif

#ifdef NESTKIT_PNG
Image decode_png(const MappedFile& file, int channels) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  const auto fail = [&] {
    const std::string message = png.message;
    png_image_free(&png);
    throw input_error(message);
  };
  if (png_image_begin_read_from_memory(&png, file.bytes().data(), file.size()) == 0) fail();
  png.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  Image image;
  try {
    image = blank(png.width, png.height, channels);
  } catch (...) {
    png_image_free(&png);
    throw;
  }
  const png_color black{0, 0, 0};  // behind transparent pixels
  if (png_image_finish_read(&png, &black, image.pixels.data(), 0, nullptr) == 0) fail();
  return image;
}
#else
Image decode_png(const MappedFile&, int) {
  throw usage_error("this build cannot read PNG files", "install libpng-dev and build again");
}
#endif

}  // namespace

Image read_image(const std::string& path, int channels) {
  constexpr std::array<std::uint8_t, 3> kJpeg{0xFF, 0xD8, 0xFF};
  constexpr std::array<std::uint8_t, 4> kPng{0x89, 'P', 'N', 'G'};
  const MappedFile file(path);
  const auto begins = [&](const auto& start) {
    return file.size() > start.size() && std::equal(start.begin(), start.end(), file.bytes().begin());
  };
  try {
    if (begins(kJpeg)) return decode_jpeg(file, channels);
    if (begins(kPng)) return decode_png(file, channels);
  } catch (const Error& error) {
    throw Error(error.kind(), path + ": " + error.what(), error.hint());
  }
  throw input_error(path + ": " + (file.size() == 0 ? "is empty" : "neither a JPEG nor a PNG file"));
}

std::vector<std::uint8_t> read_gray_image(const std::string& path, ImageShape shape) {
  Image image = read_image(path, 1);
  if (image.shape.w != shape.w || image.shape.h != shape.h) {
    throw input_error(path + ": " + std::to_string(image.shape.w) + "x" + std::to_string(image.shape.h) +
                      " pixels, expected " + std::to_string(shape.w) + "x" + std::to_string(shape.h));
  }
  return std::move(image.pixels);
}

}  // namespace ns::data
