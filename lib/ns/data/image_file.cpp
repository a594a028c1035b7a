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

[[maybe_unused]] void require_size(const std::string& path, std::uint64_t width, std::uint64_t height,
                                   ImageShape shape) {
  if (width == static_cast<std::uint64_t>(shape.w) && height == static_cast<std::uint64_t>(shape.h)) return;
  throw input_error(path + ": " + std::to_string(width) + "x" + std::to_string(height) +
                    " pixels, expected " + std::to_string(shape.w) + "x" + std::to_string(shape.h));
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

std::vector<std::uint8_t> decode_jpeg(const MappedFile& file, ImageShape shape) {
  Decompressor decompressor;
  jpeg_decompress_struct& info = decompressor.info;
  jpeg_mem_src(&info, file.bytes().data(), file.size());
  jpeg_read_header(&info, TRUE);
  require_size("JPEG", info.image_width, info.image_height, shape);
  info.out_color_space = JCS_GRAYSCALE;
  info.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&info);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(shape.size()));
  for (std::size_t y = 0; y < static_cast<std::size_t>(shape.h); ++y) {
    std::uint8_t* row = pixels.data() + y * static_cast<std::size_t>(shape.w);
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return pixels;
}
#else
std::vector<std::uint8_t> decode_jpeg(const MappedFile&, ImageShape) {
  throw usage_error("this build cannot read JPEG files", "install libjpeg-dev and build again");
}
#endif

#ifdef NESTKIT_PNG
std::vector<std::uint8_t> decode_png(const MappedFile& file, ImageShape shape) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  const auto fail = [&] {
    const std::string message = image.message;
    png_image_free(&image);
    throw input_error(message);
  };
  if (png_image_begin_read_from_memory(&image, file.bytes().data(), file.size()) == 0) fail();
  image.format = PNG_FORMAT_GRAY;
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(shape.size()));
  try {
    require_size("PNG", image.width, image.height, shape);
  } catch (...) {
    png_image_free(&image);
    throw;
  }
  const png_color black{0, 0, 0};  // behind transparent pixels
  if (png_image_finish_read(&image, &black, pixels.data(), 0, nullptr) == 0) fail();
  return pixels;
}
#else
std::vector<std::uint8_t> decode_png(const MappedFile&, ImageShape) {
  throw usage_error("this build cannot read PNG files", "install libpng-dev and build again");
}
#endif

}  // namespace

std::vector<std::uint8_t> read_gray_image(const std::string& path, ImageShape shape) {
  constexpr std::array<std::uint8_t, 3> kJpeg{0xFF, 0xD8, 0xFF};
  constexpr std::array<std::uint8_t, 4> kPng{0x89, 'P', 'N', 'G'};
  const MappedFile file(path);
  const auto begins = [&](const auto& start) {
    return file.size() > start.size() && std::equal(start.begin(), start.end(), file.bytes().begin());
  };
  try {
    if (begins(kJpeg)) return decode_jpeg(file, shape);
    if (begins(kPng)) return decode_png(file, shape);
  } catch (const Error& error) {
    throw Error(error.kind(), path + ": " + error.what(), error.hint());
  }
  throw input_error(path + ": " + (file.size() == 0 ? "is empty" : "neither a JPEG nor a PNG file"));
}

}  // namespace ns::data
