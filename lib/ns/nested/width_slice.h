// One width of a slimmable model as a smaller dense network of its own, for speed and for packing.
#pragma once

#include <span>
#include <vector>

#include "ns/nested/model.h"

namespace ns::nested {

/// Computes what the model computes as subnet k, without the masked channels. Holds copies of the weights,
/// which load() brings up to date.
class WidthSlice {
 public:
  /// `widths` are the model's, widest first. The model must outlive the slice.
  WidthSlice(Model& model, std::span<const double> widths, int subnet);

  /// Parameters and statistics become those of subnet k.
  void load();
  /// After a training pass: gradients go to the model's parameters (zero outside the slice, other banks
  /// untouched), statistics to the subnet's bank.
  void store();

  Model& dense() { return dense_; }

 private:
  struct Pair {
    Tensor *part, *whole;
  };
  Model dense_;
  std::vector<Pair> values_, statistics_, gradients_;
};

}  // namespace ns::nested
