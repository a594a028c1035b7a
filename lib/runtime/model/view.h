// A packed model's parts as C++ values, read in place (docs/format/nsm.md names every field). The views
// neither own nor check anything: nsrt_open does that, and only then may they be used.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"
#include "model/region.h"
#include "nsrt/nsrt.h"

namespace nsrt {

constexpr std::uint32_t kHeaderBytes = 64;
constexpr std::uint32_t kSectionEntryBytes = 32;
constexpr std::uint32_t kSectionAlignment = 32;
constexpr std::uint32_t kNetworkBytes = 32;
constexpr std::uint32_t kSubnetBytes = 16;
constexpr std::uint32_t kTensorBytes = 16;
constexpr std::uint32_t kOperatorBytes = 48;
constexpr std::uint16_t kNoTensor = 0xFFFF;
constexpr std::uint16_t kNoNetwork = 0xFFFF;
constexpr std::uint32_t kFeatureNestedSparse = 1;
constexpr std::uint32_t kFeatureNarrowTables = 2;
constexpr std::uint32_t kFeatureRice = 4;
constexpr std::uint32_t kFeatureStages = 8;
constexpr std::uint32_t kFeatureBinary = 16;
constexpr std::uint32_t kFeatureGated = 32;
constexpr std::uint32_t kFeatureDetector = 64;
constexpr std::uint32_t kKnownFeatures = kFeatureNestedSparse | kFeatureNarrowTables | kFeatureRice |
                                         kFeatureStages | kFeatureBinary | kFeatureGated | kFeatureDetector;
constexpr std::uint32_t kDetectorBytes = 32, kDetectorScaleBytes = 8, kDetectorStepsBytes = 12;
constexpr unsigned kMaxSubnets = 8;

/// In the order of the file.
enum class SectionType : std::uint8_t {
  kMeta,
  kNetwork,
  kTensors,
  kOperators,
  kDense,
  kSparse,
  kBinary,
  kRequant,
  kTest,
  kDetector,
  kStages
};
constexpr unsigned kSectionTypes = 11;
constexpr char kSectionNames[kSectionTypes][5] = {"META", "NETW", "TENS", "OPER", "WDEN", "WNCS",
                                                  "WBIN", "REQT", "TEST", "DETC", "STGS"};

/// One line of the section table.
struct SectionEntry {
  int type;  ///< a SectionType, or −1 where the name is none of ours
  std::uint32_t offset, bytes, crc;
  std::uint16_t network;
};

/// Levels are bytes of 0…1, 0…3 or 0…7.
enum class TensorType : std::uint8_t { kInt8, kInt16, kLevels1, kLevels2, kLevels3 };

/// As in the file.
struct TensorView {
  std::uint16_t h, w, c;
  TensorType type;
  std::uint32_t offset, bytes;  ///< place in the arena

  /// The highest level L, 1, 3 or 7; 0 where these are no levels.
  std::uint8_t highest_level() const {
    return type < TensorType::kLevels1
               ? std::uint8_t{0}
               : static_cast<std::uint8_t>((1u << (static_cast<unsigned>(type) - 1)) - 1);
  }
  std::uint32_t elements() const { return std::uint32_t{h} * w * c; }
  bool same_shape(const TensorView& other) const { return h == other.h && w == other.w && c == other.c; }
  bool overlaps(std::uint32_t other_offset, std::uint32_t other_bytes) const {
    return std::uint64_t{offset} < std::uint64_t{other_offset} + other_bytes &&
           std::uint64_t{other_offset} < std::uint64_t{offset} + bytes;
  }
};

enum class OperatorKind : std::uint8_t {
  kConv = 1,
  kDepthwise,
  kLinear,
  kMaxPool,
  kAveragePool,
  kAdd,
  kBinaryConv,
  kStep,
  kConcat
};
enum class WeightEncoding : std::uint8_t { kNone, kDenseQuads, kDenseRows, kNestedCsr, kNestedRice, kBinary };
inline bool is_nested(WeightEncoding encoding) {
  return encoding == WeightEncoding::kNestedCsr || encoding == WeightEncoding::kNestedRice;
}

/// How the tables of an operator with rows store them; flags.
enum TableForm : std::uint8_t {
  kWideTables = 0,         ///< i32 multiplier, i32 bias, row by row: kernels read them in place
  kNarrowMultipliers = 1,  ///< i16, times two to the power of the table's multiplier shift
  kNarrowBiases = 2,       ///< likewise
};

/// As in the file.
struct OperatorView {
  OperatorKind kind;
  WeightEncoding encoding;
  std::uint8_t block;  ///< input channels per nested record: 1, 2 or 4; else 0
  std::uint8_t table_form;
  std::uint16_t input, input2, output;
  std::uint8_t kh, kw, sh, sw, pad_top, pad_left;
  std::uint32_t weights_offset, weights_bytes;  ///< in WDEN, WNCS or WBIN
  std::uint32_t requant_offset, requant_bytes;  ///< in REQT, all subnets
  std::uint32_t scratch_offset, scratch_bytes;  ///< in the arena

  /// A convolution whose second input says which of its channels are computed.
  bool gated() const { return kind == OperatorKind::kConv && input2 != kNoTensor; }
};

/// As in the file.
struct SubnetView {
  std::uint32_t macs, kept_weights, sparsity_ppm;
};

/// One network of the file. Cheap to make and to copy.
struct NetworkView {
  Region sections[kSectionTypes];  ///< by SectionType; empty where the file has none

  const Region& section(SectionType type) const { return sections[static_cast<unsigned>(type)]; }
  const Region& netw() const { return section(SectionType::kNetwork); }

  std::uint16_t subnets() const { return netw().u16(0); }
  std::uint16_t tensors() const { return netw().u16(2); }
  std::uint16_t operators() const { return netw().u16(4); }
  std::uint16_t input() const { return netw().u16(6); }
  /// Nobody reads this tensor: the output, of a detector one of them.
  std::uint16_t last() const { return netw().u16(8); }
  /// Outputs: one, but of a detector two per scale.
  std::uint32_t outputs() const {
    const Region& detc = section(SectionType::kDetector);
    return detc.size == 0 ? 1u : 2u * detc.u16(0);
  }
  std::uint16_t output(std::uint32_t index) const {
    const Region& detc = section(SectionType::kDetector);
    return detc.size == 0 ? last()
                          : detc.u16(kDetectorBytes + index / 2 * kDetectorScaleBytes + index % 2 * 2);
  }
  bool is_output(std::uint32_t tensor) const;
  /// Of all outputs.
  std::uint32_t output_bytes() const;
  std::int8_t input_zero_point() const { return netw().i8(10); }
  float input_scale() const { return std::bit_cast<float>(netw().u32(12)); }
  std::uint32_t arena_bytes() const { return netw().u32(16); }
  SubnetView subnet(unsigned k) const;  ///< k in 1…N

  TensorView tensor(unsigned index) const;
  OperatorView op(unsigned index) const;
  Window window(const OperatorView& op) const;

  Region weights(const OperatorView& op) const;
  /// Subnet k's table of an operator; empty for max pool.
  Region requant(const OperatorView& op, unsigned k) const;
  /// Channels that subnet k computes of a gated convolution.
  std::uint16_t winners(const OperatorView& op, unsigned k) const;
  Region test_input() const;
  Region test_output(unsigned k) const;
};

/// Whether the tables of an operator that writes `out` are rows of multipliers and biases.
inline bool has_rows(const OperatorView& op, const TensorView& out) {
  return op.kind <= OperatorKind::kLinear ||
         (op.kind == OperatorKind::kBinaryConv && out.highest_level() == 0);
}
/// Of i16 multipliers and biases: 2^16 takes the largest beyond 31 bits.
constexpr std::uint8_t kMostTableShift = 16;
/// Of one row in an operator's table.
inline std::uint32_t row_bytes(const OperatorView& op) {
  return ((op.table_form & kNarrowMultipliers) != 0 ? 2u : 4u) +
         ((op.table_form & kNarrowBiases) != 0 ? 2u : 4u);
}
/// Bytes of one subnet's table of an operator that writes `out`.
std::uint32_t requant_table_bytes(const OperatorView& op, const TensorView& out);
/// Which section holds an operator's weights.
SectionType weights_section(WeightEncoding encoding);

/// One subnet's table of an operator with rows.
class RowTableView {
 public:
  RowTableView(const Region& table, std::uint8_t form, std::uint32_t rows)
      : table_(table), form_(form), rows_(rows) {}
  std::int8_t input_zero_point() const { return table_.i8(0); }
  std::int8_t output_zero_point() const { return table_.i8(1); }
  std::uint8_t multiplier_shift() const { return table_.u8(2); }
  std::uint8_t bias_shift() const { return table_.u8(3); }
  /// Where they lie in the table.
  std::uint32_t multiplier_at(std::uint32_t row) const;
  std::uint32_t bias_at(std::uint32_t row) const;
  RequantRow row(std::uint32_t index) const;
  /// All of them to `to`.
  void widen(RequantRow* to) const;

 private:
  std::int32_t multiplier(std::uint32_t at) const {
    return (form_ & kNarrowMultipliers) != 0 ? table_.i16(at) * (1 << multiplier_shift()) : table_.i32(at);
  }
  std::int32_t bias(std::uint32_t at) const {
    return (form_ & kNarrowBiases) != 0 ? table_.i16(at) * (1 << bias_shift()) : table_.i32(at);
  }

  Region table_;
  std::uint8_t form_;
  std::uint32_t rows_;
};
/// Arena bytes in front of the kernel's scratch that hold an operator's rows as the kernels read them.
inline std::uint32_t widened_rows_bytes(const OperatorView& op, std::uint32_t rows) {
  return op.table_form == kWideTables ? 0 : static_cast<std::uint32_t>(round_up(std::uint64_t{8} * rows, 16));
}

/// Inputs of a linear operator: its input tensor flattened.
inline std::uint32_t linear_inputs(const NetworkView& net, const OperatorView& op) {
  return net.tensor(op.input).elements();
}

/// Scratch that an operator needs with `kernels`: its widened rows and the kernel's own. UINT32_MAX if that
/// is more than can be had.
std::uint32_t operator_scratch_bytes(const NetworkView& net, const OperatorView& op,
                                     const KernelSet& kernels);

/// Whole file: data, bytes.
inline Region file_region(const nsrt_model& model) {
  return {model.data, model.bytes, 0};
}
inline std::uint32_t section_count(const Region& file) {
  return file.u16(24);
}
SectionEntry section_entry(const Region& file, std::uint32_t index);
/// `network` < model.networks.
NetworkView network_view(const Region& file, unsigned network);
/// The META section's JSON text.
Region metadata(const Region& file);
/// The STGS section; empty where the file has none.
Region stages(const Region& file);
/// What STGS knows its networks by: the CRC-32 of all their sections' CRCs.
std::uint32_t networks_crc(const Region& file);

}  // namespace nsrt
