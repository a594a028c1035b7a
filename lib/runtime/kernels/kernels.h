// The kernels' common vocabulary: one prototype per operator, implemented in ref/ (obvious), m7/ (DSP,
// assembly) and host/ (vectorised), all bit-identical (docs/numerics.md). Activations are planar int8 (CHW).
#pragma once

#include <cstdint>

namespace nsrt {

/// Geometry of a windowed operator; linear is 1×1 over one pixel. Padding below and right follows from the
/// extents.
struct Window {
  std::uint16_t ih, iw, ci, oh, ow, co;
  std::uint8_t kh, kw, sh, sw, pad_top, pad_left;
};

/// One output channel's requantisation for one subnet, as stored in REQT.
struct RequantRow {
  std::int32_t multiplier, bias;
};

struct Requant {
  std::int8_t input_zero_point;   ///< also the padding value
  std::int8_t output_zero_point;  ///< 0 for int16 outputs
  const RequantRow* rows;         ///< [co]
};

/// Nested CSR with 8-bit gaps (docs/format/nsm.md, encoding 3).
struct NestedCsr {
  const std::uint16_t* counts;  ///< [co][levels]
  const std::uint8_t* records;  ///< gap, then `block` weights
  std::uint8_t block;           ///< 1, 2 or 4
  std::uint8_t levels;          ///< N
  std::uint8_t subnet;          ///< 1…N: levels 1…subnet are used
};

/// Nested weights with Rice-coded gaps (docs/format/nsm.md, encoding 4); kernels/rice.h reads them.
struct NestedRice {
  const std::uint8_t* weights;  ///< 4-byte aligned: the heads of all levels, then the levels
  std::uint32_t rows;
  std::uint8_t block;   ///< 1, 2 or 4
  std::uint8_t subnet;  ///< 1…N: levels 1…subnet are used
};

/// How an operator writes levels of 1, 2 or 3 bits: 0…L with L = 1, 3 or 7. A row is a flip, 0 or L, and L
/// thresholds, ascending; a value x becomes (how many of them are ≤ x) xor flip.
struct Steps {
  const std::int16_t* rows;  ///< [co][L + 1]
  std::uint8_t count;        ///< L; 0: the operator does not write levels
};

/// What decides which channels of a gated convolution are computed.
struct Gate {
  const std::int8_t* saliency;  ///< [co]
  std::uint16_t winners;        ///< 1 … co: the most salient channels, of equally salient ones the lower
};

struct AddRequant {
  std::int16_t m0, m1;
  std::int32_t bias;
  std::uint8_t shift;
};

struct PoolRequant {
  std::int32_t multiplier, bias;
  std::int8_t output_zero_point;
  std::uint8_t left_shift;
};

/// One implementation of every operator. `scratch` is 16-byte aligned and has the size the twin below asks
/// for (UINT32_MAX: more than can be had; never a size that wrapped around). Input and output never overlap,
/// except add's output with either input at the same address.
struct KernelSet {
  /// weights: dense quads (encoding 1)
  void (*conv_s8)(const Window&, const std::int8_t* weights, const Requant&, const std::int8_t* in,
                  std::int8_t* out, void* scratch);
  std::uint32_t (*conv_s8_scratch_bytes)(const Window&);
  void (*conv_ncsr_s8)(const Window&, const NestedCsr&, const Requant&, const std::int8_t* in,
                       std::int8_t* out, void* scratch);
  std::uint32_t (*conv_ncsr_s8_scratch_bytes)(const Window&, std::uint8_t block);
  /// As conv_ncsr_s8, with the same scratch.
  void (*conv_rice_s8)(const Window&, const NestedRice&, const Requant&, const std::int8_t* in,
                       std::int8_t* out, void* scratch);
  /// weights: dense rows (encoding 2), kh·kw rounded up to 4 per channel
  void (*dwconv_s8)(const Window&, const std::int8_t* weights, const Requant&, const std::int8_t* in,
                    std::int8_t* out, void* scratch);
  std::uint32_t (*dwconv_s8_scratch_bytes)(const Window&);
  /// `inputs` values, `units` rows of inputs rounded up to 4. Exactly one of out8 and out16 is not null.
  void (*linear_s8)(std::uint32_t inputs, std::uint32_t units, const std::int8_t* weights, const Requant&,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16);
  /// Linear with nested weights: `inputs` channels, one pixel.
  void (*linear_ncsr_s8)(std::uint32_t inputs, std::uint32_t units, const NestedCsr&, const Requant&,
                         const std::int8_t* in, std::int8_t* out8, std::int16_t* out16);
  void (*linear_rice_s8)(std::uint32_t inputs, std::uint32_t units, const NestedRice&, const Requant&,
                         const std::int8_t* in, std::int8_t* out8, std::int16_t* out16);
  void (*max_pool_s8)(const Window&, const std::int8_t* in, std::int8_t* out);
  void (*avg_pool_s8)(const Window&, const PoolRequant&, const std::int8_t* in, std::int8_t* out);
  void (*add_s8)(std::uint32_t count, const AddRequant&, const std::int8_t* a, const std::int8_t* b,
                 std::int8_t* out);
  /// Binary convolution over levels of at most 7, at most 32766 in all under a window. weights: encoding 5.
  /// Writes levels or, where steps.count is 0, int8 with `requant`, whose input zero point does not matter.
  void (*bconv)(const Window&, const std::uint32_t* weights, const Steps& steps, const Requant& requant,
                const std::int8_t* in, std::int8_t* out, void* scratch);
  std::uint32_t (*bconv_scratch_bytes)(const Window&);
  /// Levels of planar int8; `out` may be `in`.
  void (*step_s8)(std::uint32_t channels, std::uint32_t pixels, const Steps&, const std::int8_t* in,
                  std::int8_t* out);
  /// Convolution of the winners: multipliers times saliency + 128; the other channels become the zero point.
  /// weights: dense quads (encoding 1)
  void (*conv_gated_s8)(const Window&, const std::int8_t* weights, const Requant&, const Gate&,
                        const std::int8_t* in, std::int8_t* out, void* scratch);
  std::uint32_t (*conv_gated_s8_scratch_bytes)(const Window&);
};

const KernelSet& reference_kernels();  ///< always there
const KernelSet& m7_kernels();         ///< on the device only
const KernelSet& fast_kernels();       ///< the best of this target: m7 on the device, host elsewhere
/// Those that need no more scratch than every checked model plans: m7 on the device, where the reference
/// kernels would only take flash, the reference elsewhere.
const KernelSet& frugal_kernels();
#if defined(__arm__)
constexpr bool kFastKernelsAreFrugal = true;
#else
constexpr bool kFastKernelsAreFrugal = false;
#endif

/// What the M7 kernels need in the arena: the packer plans with it on the host, so it is plain arithmetic,
/// the same everywhere (kernels/m7/scratch.cpp, compiled for every target). UINT32_MAX where the size would
/// not fit: a hostile file may hold any window.
std::uint32_t m7_conv_s8_scratch_bytes(const Window&);
std::uint32_t m7_conv_ncsr_s8_scratch_bytes(const Window&, std::uint8_t block);
std::uint32_t m7_dwconv_s8_scratch_bytes(const Window&);
std::uint32_t m7_conv_gated_s8_scratch_bytes(const Window&);
std::uint32_t m7_bconv_scratch_bytes(const Window&);

/// Words of a row of encoding 5: a nibble per tap and four input channels.
constexpr std::uint32_t binary_row_words(const Window& w) {
  return (((w.ci + 3u) / 4) * w.kh * w.kw + 7) / 8;
}

}  // namespace nsrt
