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
constexpr unsigned kMaxSubnets = 8;

/// In the order of the file.
enum class SectionType : std::uint8_t {
  kMeta,
  kNetwork,
  kTensors,
  kOperators,
  kDense,
  kSparse,
  kRequant,
  kTest
};
constexpr unsigned kSectionTypes = 8;
constexpr char kSectionNames[kSectionTypes][5] = {"META", "NETW", "TENS", "OPER",
                                                  "WDEN", "WNCS", "REQT", "TEST"};

/// One line of the section table.
struct SectionEntry {
  int type;  ///< a SectionType, or −1 where the name is none of ours
  std::uint32_t offset, bytes, crc;
  std::uint16_t network;
};

enum class TensorType : std::uint8_t { kInt8, kInt16 };

struct TensorView {
  std::uint16_t h, w, c;
  TensorType type;
  std::uint32_t offset, bytes;  ///< place in the arena

  std::uint32_t elements() const { return std::uint32_t{h} * w * c; }
  bool same_shape(const TensorView& other) const { return h == other.h && w == other.w && c == other.c; }
  bool overlaps(std::uint32_t other_offset, std::uint32_t other_bytes) const {
    return std::uint64_t{offset} < std::uint64_t{other_offset} + other_bytes &&
           std::uint64_t{other_offset} < std::uint64_t{offset} + bytes;
  }
};

enum class OperatorKind : std::uint8_t { kConv = 1, kDepthwise, kLinear, kMaxPool, kAveragePool, kAdd };
enum class WeightEncoding : std::uint8_t { kNone, kDenseQuads, kDenseRows, kNestedCsr };

struct OperatorView {
  OperatorKind kind;
  WeightEncoding encoding;
  std::uint8_t block;  ///< input channels per nested CSR record: 1, 2 or 4; else 0
  std::uint16_t input, input2, output;
  std::uint8_t kh, kw, sh, sw, pad_top, pad_left;
  std::uint32_t weights_offset, weights_bytes;  ///< in WDEN or WNCS
  std::uint32_t requant_offset, requant_bytes;  ///< in REQT, all subnets
  std::uint32_t scratch_offset, scratch_bytes;  ///< in the arena
};

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
  std::uint16_t output() const { return netw().u16(8); }
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
  Region test_input() const;
  Region test_output(unsigned k) const;
};

/// Bytes of one subnet's table.
std::uint32_t requant_table_bytes(OperatorKind kind, std::uint32_t rows);

/// Inputs of a linear operator: its input tensor flattened.
inline std::uint32_t linear_inputs(const NetworkView& net, const OperatorView& op) {
  return net.tensor(op.input).elements();
}

/// Scratch that `kernels` need for an operator.
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

}  // namespace nsrt
