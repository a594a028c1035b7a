// Thresholds that stand for everything between an integer and the sign layer
// that follows it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ns/nn/graph.h"
#include "ns/quant/quantised_network.h"
#include "ns/tensor/tensor.h"

namespace ns::quant {

/// A parameter or buffer of the float network by its name.
using Arrays = std::function<const Tensor&(const std::string&)>;

/// A sign layer and the ReLUs and batch-norms in front of it, channel by
/// channel in double precision. They may stand before and after a max pool,
/// which takes the largest value between the two.
class SignChain {
 public:
  /// `before`, `after`: layers of `graph`; `sign` is the sign layer.
  /// Batch-norms take bank `subnet` − 1.
  SignChain(const nn::Graph& graph, const std::vector<int>& before, const std::vector<int>& after, int sign,
            int subnet, const Arrays& arrays);

  /// L = 2^bits − 1.
  int highest_level() const { return highest_; }
  /// Of a value that the first of the layers reads, 0…L.
  int level(std::size_t channel, double value) const;
  /// Whether the layers after the max pool fall, so that the largest value has
  /// the lowest level.
  bool falls_after(std::size_t channel) const;

 private:
  struct Layer {
    bool relu = false;
    std::vector<double> gain, offset;  ///< else gain·x + offset, by channel
  };
  std::vector<Layer> layers_;
  std::size_t after_ = 0;  ///< where the layers after the pool begin
  std::vector<double> shift_;
  int highest_ = 1;
};

/// Flip and thresholds with which an integer n of low…high becomes level(n) in
/// 0…highest, a monotone function. Throws nothing; −32768 stands for a
/// threshold that every n reaches, 32767 for one that none does.
std::vector<std::int16_t> step_row(int low, int high, int highest, const std::function<int(int)>& level);

/// A row of a table with which acc becomes an int8 that is ≥ 0 exactly where
/// `passes`, a monotone function of low ≤ acc ≤ high, is true.
struct SignRow {
  std::int32_t multiplier = 0, bias = 0;
};
SignRow sign_row(std::int64_t low, std::int64_t high, const std::function<bool(std::int64_t)>& passes);

}  // namespace ns::quant
