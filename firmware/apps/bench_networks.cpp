#include "firmware/apps/bench_networks.h"

namespace app {
namespace {

using nsrt::Window;

constexpr std::uint8_t pad_before(int in, int out, int kernel, int stride) {
  const int pad = (out - 1) * stride + kernel - in;
  return static_cast<std::uint8_t>(pad > 0 ? pad / 2 : 0);
}

constexpr Window same(int h, int w, int ci, int co, int kh, int kw, int stride) {
  const int oh = (h + stride - 1) / stride, ow = (w + stride - 1) / stride;
  const auto u16 = [](int n) { return static_cast<std::uint16_t>(n); };
  const auto u8 = [](int n) { return static_cast<std::uint8_t>(n); };
  return {u16(h),
          u16(w),
          u16(ci),
          u16(oh),
          u16(ow),
          u16(co),
          u8(kh),
          u8(kw),
          u8(stride),
          u8(stride),
          pad_before(h, oh, kh, stride),
          pad_before(w, ow, kw, stride)};
}

constexpr BenchLayer conv(int h, int w, int ci, int co, int k, int stride = 1) {
  return {LayerKind::kConv, same(h, w, ci, co, k, k, stride), true};
}
constexpr BenchLayer first_conv(int h, int w, int ci, int co, int kh, int kw, int stride) {
  return {LayerKind::kConv, same(h, w, ci, co, kh, kw, stride), false};
}
constexpr BenchLayer depthwise(int h, int w, int c, int stride = 1) {
  return {LayerKind::kDepthwise, same(h, w, c, c, 3, 3, stride), false};
}
constexpr BenchLayer linear(int inputs, int units, bool prunable = false) {
  return {LayerKind::kLinear, same(1, 1, inputs, units, 1, 1, 1), prunable};
}
constexpr BenchLayer add(int count) {
  return {LayerKind::kAdd, same(1, 1, count, count, 1, 1, 1), false};
}
constexpr BenchLayer global_pool(int h, int w, int c) {
  Window window = same(h, w, c, c, h, w, 1);
  window.oh = window.ow = 1;
  window.pad_top = window.pad_left = 0;
  return {LayerKind::kAveragePool, window, false};
}

constexpr BenchLayer kPointwise[] = {conv(16, 16, 64, 64, 1)};
constexpr BenchLayer kConv3[] = {conv(16, 16, 32, 32, 3)};
constexpr BenchLayer kStride2[] = {conv(16, 16, 32, 64, 3, 2)};
constexpr BenchLayer kFirst[] = {first_conv(32, 32, 3, 16, 3, 3, 1)};
constexpr BenchLayer kDepthwise3[] = {depthwise(16, 16, 64)};
constexpr BenchLayer kLinear[] = {linear(1024, 256, true)};

constexpr BenchLayer binary(int h, int w, int ci, int co, int k, int bits, int output_bits) {
  return {LayerKind::kBinary, same(h, w, ci, co, k, k, 1), false, static_cast<std::uint8_t>(bits),
          static_cast<std::uint8_t>(output_bits)};
}
constexpr BenchLayer kBinary16[] = {binary(16, 16, 128, 128, 3, 1, 1)};
constexpr BenchLayer kBinary1[] = {binary(8, 8, 128, 128, 3, 1, 1)};
constexpr BenchLayer kBinary2[] = {binary(8, 8, 128, 128, 3, 2, 2)};
constexpr BenchLayer kBinary3[] = {binary(8, 8, 128, 128, 3, 3, 3)};
constexpr BenchLayer kBinaryInt8[] = {binary(8, 8, 128, 128, 3, 1, 0)};
constexpr BenchLayer kBinaryPointwise[] = {binary(8, 8, 128, 128, 1, 1, 1)};
constexpr BenchLayer kInt8Rival[] = {conv(8, 8, 128, 128, 3)};

constexpr BenchLayer kResnet8[] = {first_conv(32, 32, 3, 16, 3, 3, 1),
                                   conv(32, 32, 16, 16, 3),
                                   conv(32, 32, 16, 16, 3),
                                   add(32 * 32 * 16),
                                   conv(32, 32, 16, 32, 3, 2),
                                   conv(16, 16, 32, 32, 3),
                                   conv(32, 32, 16, 32, 1, 2),
                                   add(16 * 16 * 32),
                                   conv(16, 16, 32, 64, 3, 2),
                                   conv(8, 8, 64, 64, 3),
                                   conv(16, 16, 32, 64, 1, 2),
                                   add(8 * 8 * 64),
                                   global_pool(8, 8, 64),
                                   linear(64, 10)};
constexpr BenchLayer kDsCnn[] = {first_conv(49, 10, 1, 64, 10, 4, 2),
                                 depthwise(25, 5, 64),
                                 conv(25, 5, 64, 64, 1),
                                 depthwise(25, 5, 64),
                                 conv(25, 5, 64, 64, 1),
                                 depthwise(25, 5, 64),
                                 conv(25, 5, 64, 64, 1),
                                 depthwise(25, 5, 64),
                                 conv(25, 5, 64, 64, 1),
                                 global_pool(25, 5, 64),
                                 linear(64, 12)};
constexpr BenchLayer kMobilenet[] = {first_conv(96, 96, 3, 8, 3, 3, 2),
                                     depthwise(48, 48, 8),
                                     conv(48, 48, 8, 16, 1),
                                     depthwise(48, 48, 16, 2),
                                     conv(24, 24, 16, 32, 1),
                                     depthwise(24, 24, 32),
                                     conv(24, 24, 32, 32, 1),
                                     depthwise(24, 24, 32, 2),
                                     conv(12, 12, 32, 64, 1),
                                     depthwise(12, 12, 64),
                                     conv(12, 12, 64, 64, 1),
                                     depthwise(12, 12, 64, 2),
                                     conv(6, 6, 64, 128, 1),
                                     depthwise(6, 6, 128),
                                     conv(6, 6, 128, 128, 1),
                                     depthwise(6, 6, 128),
                                     conv(6, 6, 128, 128, 1),
                                     depthwise(6, 6, 128),
                                     conv(6, 6, 128, 128, 1),
                                     depthwise(6, 6, 128),
                                     conv(6, 6, 128, 128, 1),
                                     depthwise(6, 6, 128),
                                     conv(6, 6, 128, 128, 1),
                                     depthwise(6, 6, 128, 2),
                                     conv(3, 3, 128, 256, 1),
                                     depthwise(3, 3, 256),
                                     conv(3, 3, 256, 256, 1),
                                     global_pool(3, 3, 256),
                                     linear(256, 2)};
constexpr BenchLayer kAutoencoder[] = {linear(640, 128), linear(128, 128), linear(128, 128), linear(128, 128),
                                       linear(128, 8),   linear(8, 128),   linear(128, 128), linear(128, 128),
                                       linear(128, 128), linear(128, 640)};

constexpr Pruning kS50{3, 2}, kS75{2, 2}, kS90{1, 2}, kS70{2, 2, {100, 300, 500}};
constexpr Pruning kS10{3, 2, {100, 250, 900}}, kS20{3, 2, {100, 250, 800}}, kS30{3, 2, {100, 250, 700}},
    kS40{3, 2, {100, 250, 600}};
constexpr Pruning kFine50{3, 1}, kFine75{2, 1}, kFine90{1, 1};

// speed: blocks of 1×1, finest; balanced: 1×2, 1.5 bytes per kept weight.
constexpr BenchCase kCases[] = {
    {"conv1x1_16x16x64_64", "/dense", kPointwise, {}},
    {"conv1x1_16x16x64_64", "/s50/speed", kPointwise, kFine50},
    {"conv1x1_16x16x64_64", "/s75/speed", kPointwise, kFine75},
    {"conv1x1_16x16x64_64", "/s90/speed", kPointwise, kFine90},
    {"conv1x1_16x16x64_64", "/s10/balanced", kPointwise, kS10},
    {"conv1x1_16x16x64_64", "/s20/balanced", kPointwise, kS20},
    {"conv1x1_16x16x64_64", "/s30/balanced", kPointwise, kS30},
    {"conv1x1_16x16x64_64", "/s40/balanced", kPointwise, kS40},
    {"conv1x1_16x16x64_64", "/s50/balanced", kPointwise, kS50},
    {"conv1x1_16x16x64_64", "/s75/balanced", kPointwise, kS75},
    {"conv1x1_16x16x64_64", "/s90/balanced", kPointwise, kS90},
    {"conv3x3_16x16x32_32", "/dense", kConv3, {}},
    {"conv3x3_16x16x32_32", "/s50/speed", kConv3, kFine50},
    {"conv3x3_16x16x32_32", "/s75/speed", kConv3, kFine75},
    {"conv3x3_16x16x32_32", "/s90/speed", kConv3, kFine90},
    {"conv3x3_16x16x32_32", "/s50/balanced", kConv3, kS50},
    {"conv3x3_16x16x32_32", "/s75/balanced", kConv3, kS75},
    {"conv3x3_16x16x32_32", "/s90/balanced", kConv3, kS90},
    {"conv3x3_s2_16x16x32_64", "/dense", kStride2, {}},
    {"conv3x3_first_32x32x3_16", "/dense", kFirst, {}},
    {"dwconv3x3_16x16x64", "", kDepthwise3, {}},
    {"linear_1024_256", "/dense", kLinear, {}},
    {"linear_1024_256", "/s75", kLinear, kS75},
    {"bconv3x3_128_128", "", kBinary16, {}},
    {"bconv3x3_8x8_128_128", "", kBinary1, {}},
    {"bconv3x3_2bit_8x8_128_128", "", kBinary2, {}},
    {"bconv3x3_3bit_8x8_128_128", "", kBinary3, {}},
    {"bconv3x3_to_int8_8x8_128_128", "", kBinaryInt8, {}},
    {"bconv1x1_8x8_128_128", "", kBinaryPointwise, {}},
    {"conv3x3_8x8_128_128", "/dense", kInt8Rival, {}},
    {"resnet8_32x32", "/dense", kResnet8, {}},
    {"resnet8_32x32", "/nested70", kResnet8, kS70},
    {"resnet8_32x32", "/nested90", kResnet8, kS90},
    {"ds_cnn_49x10", "/dense", kDsCnn, {}},
    {"ds_cnn_49x10", "/nested70", kDsCnn, kS70},
    {"ds_cnn_49x10", "/nested90", kDsCnn, kS90},
    {"mobilenet_v1_025_96x96", "/dense", kMobilenet, {}},
    {"mobilenet_v1_025_96x96", "/nested70", kMobilenet, kS70},
    {"mobilenet_v1_025_96x96", "/nested90", kMobilenet, kS90},
    {"autoencoder_640", "/dense", kAutoencoder, {}},
};

}  // namespace

std::span<const BenchCase> bench_cases() {
  return kCases;
}

}  // namespace app
