// The kernels' shared list of test cases: shapes around boundaries, weights, level maps and tables that reach
// rounding ties, saturation and every corner of nested weights. Everything is a pure function of the case, so
// the host's oracle, the host kernels and the board see the same numbers without a file, a heap or a float.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"

namespace nsrt::selftest {

enum class CaseKind : std::uint8_t {
  kConvDense,
  kConvSparse,
  kDepthwise,
  kConvGated,
  kLinearDense8,
  kLinearDense16,
  kLinearSparse8,
  kLinearSparse16,
  kConvRice,
  kLinearRice8,
  kLinearRice16,
  kMaxPool,
  kAveragePool,
  kAdd,
  kAddIntoFirst,
  kAddIntoSecond,
  kBinaryLevels,
  kBinaryInt8,
  kStep,
};

/// What the numbers of a case are like.
enum class CaseValues : std::uint8_t {
  kMixed,    ///< every row draws its own style
  kTies,     ///< small weights and power-of-two multipliers: many results lie exactly half-way
  kExtreme,  ///< weights ±127 against inputs at both ends, multipliers and biases at their limits
  kFull,     ///< as mixed, every block in level 1: nested CSR of a dense layer
};

struct KernelCase {
  CaseKind kind;
  CaseValues values;
  std::uint8_t block;   ///< nested: 1, 2 or 4; binary: bits of the input; step: of the output; else 0
  std::uint8_t levels;  ///< subnets; 1 for operators without levels
  Window window;        ///< linear: ih = iw = oh = ow = 1; add: ci elements
  std::uint32_t seed;
  char id[64];  ///< e.g. "conv 7x9x33-7x9x3 k3x3 s1x1 p1x1 b2 n3 ties"

  bool rice() const { return kind >= CaseKind::kConvRice && kind <= CaseKind::kLinearRice16; }
  bool sparse() const {
    return kind == CaseKind::kConvSparse || kind == CaseKind::kLinearSparse8 ||
           kind == CaseKind::kLinearSparse16 || rice();
  }
  bool linear() const {
    return kind >= CaseKind::kLinearDense8 && kind <= CaseKind::kLinearRice16 && kind != CaseKind::kConvRice;
  }
  bool has_rows() const { return kind <= CaseKind::kLinearRice16 || kind == CaseKind::kBinaryInt8; }
  bool binary() const { return kind == CaseKind::kBinaryLevels || kind == CaseKind::kBinaryInt8; }
  /// Thresholds per row: 0, 1, 3 or 7.
  std::uint8_t steps() const {
    return kind == CaseKind::kStep || kind == CaseKind::kBinaryLevels
               ? static_cast<std::uint8_t>((1u << (kind == CaseKind::kStep ? block : block % 3u + 1)) - 1)
               : std::uint8_t{0};
  }
  bool out16() const {
    return kind == CaseKind::kLinearDense16 || kind == CaseKind::kLinearSparse16 ||
           kind == CaseKind::kLinearRice16;
  }
  bool gated() const { return kind == CaseKind::kConvGated; }
  /// Channels that a gated convolution computes in subnet k: all in the last.
  std::uint16_t winners(std::uint32_t subnet) const {
    const std::uint32_t count = window.co * subnet / levels;
    return static_cast<std::uint16_t>(count == 0 ? 1 : count);
  }
  bool add() const { return kind >= CaseKind::kAdd && kind <= CaseKind::kAddIntoSecond; }
  std::uint32_t taps() const {  ///< input channels a row reads × kernel
    return (kind == CaseKind::kDepthwise ? 1u : window.ci) * window.kh * window.kw;
  }
  std::uint32_t inputs() const { return std::uint32_t{window.ci} * window.ih * window.iw; }
  std::uint32_t outputs() const { return std::uint32_t{window.co} * window.oh * window.ow; }
};

std::uint32_t kernel_case_count();
KernelCase kernel_case(std::uint32_t index);

/// Bounds over the whole list, for buffers.
constexpr std::uint32_t kMaxActivationBytes = 4096;
constexpr std::uint32_t kMaxRows = 64;
constexpr std::uint32_t kMaxEncodedBytes = 24 * 1024;

/// Weight of (row, input channel, ky, kx) before pruning, −127…127, binary −1 or 1; depthwise: channel 0.
std::int8_t case_weight(const KernelCase&, std::uint32_t row, std::uint32_t channel, std::uint32_t ky,
                        std::uint32_t kx);
/// Level of a block, 0…levels; 1 for dense operators.
std::uint8_t case_level(const KernelCase&, std::uint32_t row, std::uint32_t channel_block, std::uint32_t ky,
                        std::uint32_t kx);
/// The weight that subnet k sees: 0 where the block's level is 0 or above k.
std::int8_t case_kept_weight(const KernelCase&, std::uint32_t row, std::uint32_t channel, std::uint32_t ky,
                             std::uint32_t kx, std::uint32_t subnet);
/// Element `index` (CHW) of operand 0 or, for add, 1; a gated convolution's operand 1 has its saliencies, and
/// some channels of its operand 0 are constant at the zero point.
std::int8_t case_input(const KernelCase&, std::uint32_t operand, std::uint32_t index);

std::int8_t case_input_zero_point(const KernelCase&, std::uint32_t subnet);
std::int8_t case_output_zero_point(const KernelCase&, std::uint32_t subnet);
/// Within what the reader accepts: |acc + bias| < 2^31 for every input, 512 ≤ |m| < 2^31 (gated: /255).
RequantRow case_requant_row(const KernelCase&, std::uint32_t subnet, std::uint32_t row);
/// Flip and thresholds of a row: steps() + 1 numbers.
void case_steps(const KernelCase&, std::uint32_t subnet, std::uint32_t row, std::int16_t* to);
PoolRequant case_pool_requant(const KernelCase&);
AddRequant case_add_requant(const KernelCase&);

}  // namespace nsrt::selftest
