// An integer network with N nested subnets, ready to be packed: plain data, no training code behind it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "ns/quant/levelled_weights.h"

namespace ns::quant {

/// The numbers are those of docs/format/nsm.md.
enum class OperatorKind : std::uint8_t {
  kConv = 1,
  kDepthwiseConv = 2,
  kLinear = 3,
  kMaxPool = 4,
  kAvgPool = 5,
  kAdd = 6,
  kBinaryConv = 7,
  kStep = 8,
  kConcat = 9
};

/// real = scale·(q − zero_point)
struct Affine {
  double scale = 1;
  int zero_point = 0;
  bool operator==(const Affine&) const = default;
};

/// Tables of one operator for one subnet; their arithmetic is that of docs/numerics.md.
struct RowTable {
  int input_zero_point = 0, output_zero_point = 0;
  std::vector<std::int32_t> multiplier, bias;  ///< by output channel; gated: of a factor of one step
};
struct AvgPoolTable {
  std::int32_t multiplier = 0, bias = 0;
  int output_zero_point = 0, left_shift = 0;
};
struct AddTable {
  int m0 = 0, m1 = 0;
  std::int32_t bias = 0;
  int shift = 0;
};
/// How values become levels of `bits` bits, row by row: a flip (0 or L = 2^bits − 1) and L rising thresholds;
/// the level is (how many of them are no larger than the value) xor flip.
struct StepTable {
  std::vector<std::int16_t> rows;  ///< [channels][L + 1]
};
/// Channels of levels that a max pool turns round once it has taken the largest.
struct FlipTable {
  std::vector<bool> flips;
};
struct ConcatTable {
  std::array<int, 2> multiplier{};
  std::array<std::int32_t, 2> bias{};
  int shift = 0;
};
using RequantTable = std::variant<std::monostate, RowTable, AvgPoolTable, AddTable, StepTable, FlipTable,
                                  ConcatTable>;  // max pool of int8 needs none

struct QuantisedTensor {
  int h = 1, w = 1, c = 1;
  bool is_int16 = false;
  int bits = 0;  ///< of levels, 1, 2 or 3; 0: int8 or int16
  int count() const { return h * w * c; }
  bool operator==(const QuantisedTensor&) const = default;
};

struct QuantisedOperator {
  std::string layer;  ///< name in the graph
  OperatorKind kind = OperatorKind::kConv;
  int input = 0, second_input = -1, output = 0;  ///< tensors
  std::array<int, 2> kernel{1, 1}, stride{1, 1};
  int pad_top = 0, pad_left = 0;
  std::vector<int> winners;  ///< by subnet: channels that a gated convolution computes; empty: no gate
  LevelledWeights weights;   ///< empty without weights; all of level 1 in a dense layer; binary: −1 and 1
  std::vector<RequantTable> tables;  ///< by subnet
  bool has_weights() const { return kind <= OperatorKind::kLinear || kind == OperatorKind::kBinaryConv; }
};

/// What a single-shot detector's outputs mean (nn/detection_head.h), and what becomes of the boxes that they
/// speak of.
struct Detector {
  struct Scale {
    int scores = 0, boxes = 0;                ///< tensors
    std::vector<std::array<float, 2>> sizes;  ///< default boxes, fractions of the input's width and height
  };
  int classes = 0;                                 ///< without the background; 0: the network is no detector
  std::vector<Scale> scales;                       ///< at least one
  double least_score = 0.01, most_overlap = 0.45;  ///< in non-maximum suppression; fractions
  int candidates = 400;                            ///< that come so far, the best ones
};

/// Operators in execution order; tensor 0 is the input, tensor i + 1 the output of operator i.
struct QuantisedNetwork {
  int subnets = 1;
  double input_scale = 1;
  int input_zero_point = 0;
  std::vector<QuantisedTensor> tensors;
  std::vector<QuantisedOperator> operators;
  std::vector<std::vector<double>> tensor_scales;    ///< [subnet][tensor]
  std::vector<std::vector<int>> tensor_zero_points;  ///< likewise
  Detector detector;
  /// The last tensor; of a detector scores, boxes, scores, boxes … of its scales.
  std::vector<int> outputs() const {
    if (detector.classes == 0) return {static_cast<int>(tensors.size()) - 1};
    std::vector<int> all;
    for (const Detector::Scale& scale : detector.scales) all.insert(all.end(), {scale.scores, scale.boxes});
    return all;
  }
};

}  // namespace ns::quant
