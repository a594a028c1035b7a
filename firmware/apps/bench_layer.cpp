#include "firmware/apps/bench_layer.h"

#include <cstring>

namespace app {
namespace {

constexpr std::uint32_t kLevels = 3;
constexpr std::uint32_t kGuard = 16;  // bytes around outputs and behind scratch that nobody may touch
constexpr std::uint8_t kPattern = 0xA5;

bool guarded(const void* at) {
  const auto* bytes = static_cast<const std::uint8_t*>(at);
  for (std::uint32_t i = 0; i < kGuard; ++i) {
    if (bytes[i] != kPattern) return false;
  }
  return true;
}

std::uint32_t next(std::uint32_t& seed) {  // xorshift32 (Marsaglia 2003)
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed;
}

std::int8_t weight(std::uint32_t& seed) {
  return static_cast<std::int8_t>(static_cast<int>(next(seed) % 255) - 127);
}

std::uint32_t round_up(std::uint32_t n, std::uint32_t to) {
  return (n + to - 1) / to * to;
}

std::uint32_t scratch_bytes(const BenchLayer& layer, const Pruning& pruning, const nsrt::KernelSet& kernels) {
  switch (layer.kind) {
    case LayerKind::kConv:
      return pruning.subnet != 0 ? kernels.conv_ncsr_s8_scratch_bytes(layer.window, pruning.block)
                                 : kernels.conv_s8_scratch_bytes(layer.window);
    case LayerKind::kDepthwise:
      return kernels.dwconv_s8_scratch_bytes(layer.window);
    case LayerKind::kBinary:
      return kernels.bconv_scratch_bytes(layer.window);
    default:
      return 0;
  }
}

}  // namespace

std::uint8_t* BenchBuffers::take(std::uint32_t bytes) {
  std::uint8_t* const at = memory_.data + used_;
  used_ += round_up(bytes, 16);
  if (used_ > memory_.bytes) {
    board::write_text("bench: the layer does not fit\n");
    board::exit(4);
  }
  return at;
}

BenchBuffers::BenchBuffers(board::Region memory, const BenchLayer& layer, const Pruning& pruning)
    : memory_(memory), layer_(layer), pruning_(pruning) {
  const nsrt::Window& w = layer.window;
  const std::uint32_t taps = std::uint32_t{w.kh} * w.kw;
  in_bytes_ = std::uint32_t{w.ih} * w.iw * w.ci;
  out_bytes_ = std::uint32_t{w.oh} * w.ow * w.co;
  input_ = reinterpret_cast<std::int8_t*>(take(in_bytes_));
  second_ = reinterpret_cast<std::int8_t*>(take(layer.kind == LayerKind::kAdd ? in_bytes_ : 0));
  output_ = reinterpret_cast<std::int8_t*>(take(kGuard + out_bytes_ + kGuard)) + kGuard;
  std::memset(output_ - kGuard, kPattern, kGuard);
  expected_ = reinterpret_cast<std::int8_t*>(take(out_bytes_));
  std::memset(output_ + out_bytes_, kPattern, kGuard);
  rows_ = reinterpret_cast<nsrt::RequantRow*>(take(w.co * sizeof(nsrt::RequantRow)));
  const std::uint32_t scratch = scratch_bytes(layer, pruning, nsrt::fast_kernels());
  scratch_ = take(scratch + kGuard);
  scratch_end_ = scratch_ + scratch;
  std::memset(scratch_end_, kPattern, kGuard);
  for (std::uint32_t i = 0; i < in_bytes_; ++i) {
    const std::uint32_t mask = layer.kind == LayerKind::kBinary ? (1u << layer.bits) - 1 : 255;
    input_[i] = static_cast<std::int8_t>(next(seed_) >> 8 & mask);
    if (layer.kind == LayerKind::kAdd) second_[i] = static_cast<std::int8_t>(next(seed_));
  }
  for (std::uint32_t i = 0; i < w.co && layer.kind != LayerKind::kAdd; ++i) {
    rows_[i] = {static_cast<std::int32_t>(next(seed_) % 4000000) + 4000000,
                static_cast<std::int32_t>(next(seed_) % 20000) - 10000};
  }
  switch (layer.kind) {
    case LayerKind::kConv:
      if (pruning.subnet != 0) {
        make_nested_weights((w.ci + pruning.block - 1) / pruning.block * taps);
        macs_ *= std::uint32_t{w.oh} * w.ow;
      } else {
        make_dense_weights(round_up((w.ci + 1) / 2 * taps, 2) * 2);
        macs_ = std::uint64_t{out_bytes_} * w.ci * taps;
      }
      break;
    case LayerKind::kDepthwise:
      make_dense_weights(round_up(taps, 4));
      macs_ = std::uint64_t{out_bytes_} * taps;
      break;
    case LayerKind::kLinear:
      if (pruning.subnet != 0) {
        make_nested_weights((w.ci + pruning.block - 1) / pruning.block);
      } else {
        make_dense_weights(round_up(w.ci, 4));
        macs_ = std::uint64_t{w.ci} * w.co;
      }
      break;
    case LayerKind::kBinary:
      make_binary_weights();
      macs_ = std::uint64_t{out_bytes_} * w.ci * taps;
      break;
    default:
      break;
  }
}

// Bits for channels that do not exist are zero; thresholds rise, every other row is turned round.
void BenchBuffers::make_binary_weights() {
  const nsrt::Window& w = layer_.window;
  const std::uint32_t words = nsrt::binary_row_words(w), taps = std::uint32_t{w.kh} * w.kw;
  auto* const rows = reinterpret_cast<std::uint32_t*>(take(words * w.co * 4));
  std::memset(rows, 0, words * w.co * 4);
  weights_ = reinterpret_cast<std::int8_t*>(rows);
  for (std::uint32_t i = 0; i < w.co * w.ci * taps; ++i) {
    const std::uint32_t channel = i / taps % w.ci, bit = (channel / 4 * taps + i % taps) * 4 + channel % 4;
    if ((next(seed_) >> 16 & 1) != 0) rows[i / taps / w.ci * words + bit / 32] |= 1u << bit % 32;
  }
  const std::uint32_t steps = (1u << layer_.output_bits) - 1;
  steps_ = reinterpret_cast<std::int16_t*>(take(w.co * (steps + 1) * 2));
  for (std::uint32_t i = 0; i < w.co * (steps + 1); ++i) {
    const std::uint32_t place = i % (steps + 1);
    steps_[i] = static_cast<std::int16_t>(place == 0 ? (i / (steps + 1) % 2 == 0 ? 0 : steps)
                                                     : steps_[i - 1] * (place > 1) + next(seed_) % 32 -
                                                           (place == 1) * 16);
  }
}

void BenchBuffers::make_dense_weights(std::uint32_t row_bytes) {
  const nsrt::Window& w = layer_.window;
  const std::uint32_t bytes = row_bytes * w.co, positions = (w.ci + 1u) / 2 * w.kh * w.kw;
  weights_ = reinterpret_cast<std::int8_t*>(take(bytes));
  for (std::uint32_t i = 0; i < bytes; ++i) weights_[i] = weight(seed_);
  if (layer_.kind != LayerKind::kConv) return;
  for (std::uint32_t i = 0; i < bytes;
       ++i) {  // dense quads: channels and positions that do not exist are zero
    const std::uint32_t at = i % row_bytes, position = at / 4 * 2 + at % 2;
    const std::uint32_t channel = position / (std::uint32_t{w.kh} * w.kw) * 2 + at % 4 / 2;
    if (position >= positions || channel >= w.ci) weights_[i] = 0;
  }
}

void BenchBuffers::make_nested_weights(std::uint32_t positions) {
  const nsrt::Window& w = layer_.window;
  const std::uint32_t rows = w.co, block = pruning_.block;
  auto* const counts = reinterpret_cast<std::uint16_t*>(take(rows * kLevels * 2));
  std::uint8_t* const levels = take(positions);
  std::uint8_t* to = memory_.data + used_;
  csr_ = {counts, to, pruning_.block, kLevels, pruning_.subnet};
  for (std::uint32_t row = 0; row < rows; ++row) {
    for (std::uint32_t p = 0; p < positions; ++p) {
      const std::uint32_t rank = next(seed_) % 1000;
      const std::uint16_t* const kept = pruning_.kept;
      levels[p] = rank < kept[0] ? 1 : rank < kept[1] ? 2 : rank < kept[2] ? 3 : 0;
    }
    for (std::uint32_t level = 1; level <= kLevels; ++level) {
      std::uint16_t& count = counts[row * kLevels + level - 1];
      std::uint32_t at = 0;
      count = 0;
      for (std::uint32_t p = 0; p < positions; ++p) {
        if (levels[p] != level) continue;
        for (; p - at > 255; at += 255, ++count) {
          *to++ = 255;
          for (std::uint32_t i = 0; i < block; ++i) *to++ = 0;
        }
        *to++ = static_cast<std::uint8_t>(p - at);
        at = p;
        for (std::uint32_t i = 0; i < block; ++i) {
          const bool exists = p / (std::uint32_t{w.kh} * w.kw) * block + i < w.ci;
          *to++ = static_cast<std::uint8_t>(exists ? weight(seed_) : 0);
        }
        ++count;
        if (level <= pruning_.subnet) macs_ += block;
      }
    }
  }
  take(static_cast<std::uint32_t>(to - csr_.records));
}

void BenchBuffers::run(const nsrt::KernelSet& kernels, std::int8_t* out) {
  const nsrt::Window& w = layer_.window;
  const nsrt::Requant requant{-128, -128, rows_};
  switch (layer_.kind) {
    case LayerKind::kConv:
      if (pruning_.subnet != 0) return kernels.conv_ncsr_s8(w, csr_, requant, input_, out, scratch_);
      return kernels.conv_s8(w, weights_, requant, input_, out, scratch_);
    case LayerKind::kDepthwise:
      return kernels.dwconv_s8(w, weights_, requant, input_, out, scratch_);
    case LayerKind::kLinear:
      if (pruning_.subnet != 0)
        return kernels.linear_ncsr_s8(w.ci, w.co, csr_, requant, input_, out, nullptr);
      return kernels.linear_s8(w.ci, w.co, weights_, requant, input_, out, nullptr);
    case LayerKind::kBinary: {
      const nsrt::Steps steps{steps_, static_cast<std::uint8_t>((1u << layer_.output_bits) - 1)};
      return kernels.bconv(w, reinterpret_cast<const std::uint32_t*>(weights_), steps, requant, input_, out,
                           scratch_);
    }
    case LayerKind::kAveragePool:
      return kernels.avg_pool_s8(w, {1 << 24, 0, -128, 4}, input_, out);
    case LayerKind::kAdd:
      return kernels.add_s8(w.ci, {12000, 15000, 1 << 13, 14}, input_, second_, out);
  }
}

bool BenchBuffers::correct() const {
  return std::memcmp(output_, expected_, out_bytes_) == 0 && guarded(output_ - kGuard) &&
         guarded(output_ + out_bytes_) && guarded(scratch_end_);
}

}  // namespace app
