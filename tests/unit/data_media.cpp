// Data sets of recordings and of image files: FSDD and FER2013, whole and spoilt.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numbers>

#include <jpeglib.h>
#include <png.h>

#include "expect_error.h"
#include "ns/base/bytes.h"
#include "ns/data/catalog.h"
#include "ns/data/fsdd.h"
#include "ns/data/image_file.h"
#include "ns/data/image_folder.h"
#include "ns/data/log_mel.h"
#include "ns/data/wav.h"
#include "temp_folder.h"

using namespace ns::data;

namespace {

std::string wav_text(const std::vector<std::int16_t>& samples, std::uint32_t rate = 8000,
                     std::uint16_t channels = 1) {
  ns::ByteWriter out;
  const auto bytes = static_cast<std::uint32_t>(2 * samples.size());
  out.append(std::string_view("RIFF"));
  out.write(36 + bytes);
  out.append(std::string_view("WAVEfmt "));
  out.write(std::uint32_t{16});
  out.write(std::uint16_t{1});
  out.write(channels);
  out.write(rate);
  out.write(rate * 2 * channels);
  out.write(static_cast<std::uint16_t>(2 * channels));
  out.write(std::uint16_t{16});
  out.append(std::string_view("data"));
  out.write(bytes);
  for (const std::int16_t sample : samples) out.write(sample);
  return {out.bytes().begin(), out.bytes().end()};
}

std::vector<std::int16_t> sine(double hertz, std::size_t count) {
  std::vector<std::int16_t> samples(count);
  for (std::size_t i = 0; i < count; ++i)
    samples[i] = static_cast<std::int16_t>(
        20000 * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / 8000));
  return samples;
}

constexpr int kSide = 48;

std::vector<std::uint8_t> ramp() {
  std::vector<std::uint8_t> pixels;
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) pixels.push_back(static_cast<std::uint8_t>(3 * x + y));
  return pixels;
}

std::string gray_png(std::uint32_t side = kSide) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = image.height = side;
  image.format = PNG_FORMAT_GRAY;
  std::string text(20000, 0);
  png_alloc_size_t size = text.size();
  REQUIRE(png_image_write_to_memory(&image, text.data(), &size, 0, ramp().data(), 0, nullptr) != 0);
  text.resize(size);
  return text;
}

std::string gray_jpeg() {
  jpeg_error_mgr errors;
  jpeg_compress_struct info{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = info.image_height = kSide;
  info.input_components = 1;
  info.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 98, TRUE);
  jpeg_start_compress(&info, TRUE);
  std::vector<std::uint8_t> pixels = ramp();
  for (std::size_t y = 0; y < kSide; ++y) {
    std::uint8_t* row = pixels.data() + y * kSide;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const std::string text(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return text;
}

void make_folder(const std::string& path) {
  std::filesystem::create_directories(path);
}

}  // namespace

TEST_CASE("A tone lights the band of its frequency while it sounds") {
  const TempFolder folder;
  write_text(folder.file("tone.wav"), wav_text(sine(1070, 4000)));
  const auto samples = read_recording(folder.file("tone.wav"), 8000);
  REQUIRE(samples.size() == 4000);
  const auto image = log_mel(samples);
  REQUIRE(image.size() == 49 * 20);
  const auto row = [&](std::size_t frame) { return std::span(image).subspan(frame * 20, 20); };
  const auto band = std::ranges::max_element(row(10)) - row(10).begin();
  // 1070 Hz is 1045 mel; the tenth band is centred at 1047 mel, 95 from its neighbours.
  CHECK(band == 9);
  CHECK(row(10)[9] >= 250);
  CHECK(row(10)[2] < 150);
  CHECK(*std::ranges::max_element(row(40)) == 0);
  CHECK(*std::ranges::max_element(image) == 255);
}

TEST_CASE("Recordings are split by take or by speaker, and ordered by take, a voice for validation last") {
  const TempFolder folder;
  make_folder(folder.file("recordings"));
  for (const char* name : {"3_george_12", "0_theo_7", "9_george_4", "1_theo_0", "2_george_7"})
    write_text(folder.file("recordings/") + name + ".wav", wav_text(sine(500, 2000)));
  const Dataset train = load_dataset("fsdd", folder.path(), Part::kTrain);
  CHECK(train.labels == std::vector<std::int32_t>{2, 0, 3});
  CHECK(train.shape == ns::ImageShape{49, 20, 1});
  CHECK(train.classes[7] == "seven");
  CHECK(load_dataset("fsdd", folder.path(), Part::kTest).labels == std::vector<std::int32_t>{1, 9});
  CHECK(load_dataset("fsdd_without_theo", folder.path(), Part::kTest).labels ==
        std::vector<std::int32_t>{1, 0});
  CHECK(load_dataset("fsdd_without_theo", folder.path(), Part::kTrain).size() == 3);
  // The speaker after the test speaker comes last, whatever the take.
  CHECK(load_dataset("fsdd_without_yweweler", folder.path(), Part::kTrain).labels ==
        std::vector<std::int32_t>{1, 0, 9, 2, 3});
  CHECK(load_dataset("fsdd_without_nicolas", folder.path(), Part::kTrain).labels ==
        std::vector<std::int32_t>{9, 2, 3, 1, 0});
  EXPECT_ERROR(load_dataset("fsdd_without_lucas", folder.path(), Part::kTest), kInput,
               "no recordings of this part");
  write_text(folder.file("recordings/cough.wav"), wav_text({1}));
  EXPECT_ERROR(load_dataset("fsdd", folder.path(), Part::kTest), kInput, "cough.wav: expected a name like");
}

TEST_CASE("Recordings that cannot be used are named with the reason") {
  const TempFolder folder;
  const auto refuse = [&](const std::string& text, const char* reason) {
    write_text(folder.file("x.wav"), text);
    EXPECT_ERROR(read_recording(folder.file("x.wav"), 8000), kInput, folder.file("x.wav") + ": " + reason);
  };
  const std::string good = wav_text(sine(300, 100));
  refuse(wav_text(sine(300, 100), 16000), "16000 samples per second, expected 8000");
  refuse(wav_text(sine(300, 100), 8000, 2), "2 channels");
  refuse(good.substr(0, good.size() - 10), "truncated");
  refuse("", "is empty");
  refuse("this is text, not sound", "no recording");
  EXPECT_ERROR(read_recording(folder.file("none.wav"), 8000), kInput, "none.wav");
}

TEST_CASE("PNG and JPEG files become gray pixels") {
  const TempFolder folder;
  const ns::ImageShape shape{kSide, kSide, 1};
  write_text(folder.file("a.png"), gray_png());
  CHECK(read_gray_image(folder.file("a.png"), shape) == ramp());
  write_text(folder.file("a.jpg"), gray_jpeg());
  const auto pixels = read_gray_image(folder.file("a.jpg"), shape);
  REQUIRE(pixels.size() == ramp().size());
  for (std::size_t i = 0; i < pixels.size(); ++i) CHECK(std::abs(int{pixels[i]} - int{ramp()[i]}) <= 4);
}

TEST_CASE("Image files that cannot be used are named with the reason") {
  const TempFolder folder;
  const auto refuse = [&](const std::string& text, const char* reason) {
    write_text(folder.file("x.jpg"), text);
    EXPECT_ERROR(read_gray_image(folder.file("x.jpg"), {kSide, kSide, 1}), kInput, reason);
    EXPECT_ERROR(read_gray_image(folder.file("x.jpg"), {kSide, kSide, 1}), kInput,
                 folder.file("x.jpg") + ": ");
  };
  refuse(gray_png(32), "32x32 pixels, expected 48x48");
  refuse(gray_png().substr(0, 80), "");
  refuse(gray_jpeg().substr(0, gray_jpeg().size() / 2), "");
  refuse(gray_jpeg().substr(0, 20), "");
  refuse("", "is empty");
  refuse("GIF89a", "neither a JPEG nor a PNG file");
}

TEST_CASE("Faces are labelled by their folder; the official validation images come last") {
  const TempFolder folder;
  const char* classes[] = {"angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"};
  int number = 70;
  for (const char* part : {"train", "validation", "test"}) {
    for (const char* name : classes) {
      make_folder(folder.file(part) + "/" + name);
      write_text(folder.file(part) + "/" + name + "/f" + std::to_string(--number) + ".png", gray_png());
    }
  }
  const Dataset train = load_dataset("fer2013", folder.path(), Part::kTrain);
  CHECK(train.labels == std::vector<std::int32_t>{6, 5, 4, 3, 2, 1, 0, 6, 5, 4, 3, 2, 1, 0});
  CHECK(train.shape == ns::ImageShape{48, 48, 1});
  CHECK(train.sources[7].name == "f56.png");
  CHECK(load_dataset("fer2013", folder.path(), Part::kTest).size() == 7);
  make_folder(folder.file("test/bored"));
  EXPECT_ERROR(load_dataset("fer2013", folder.path(), Part::kTest), kInput,
               "test/bored: a folder of no known class");
  std::filesystem::remove_all(folder.file("train/sad"));
  EXPECT_ERROR(load_dataset("fer2013", folder.path(), Part::kTrain), kInput, "train/sad: is missing");
}
