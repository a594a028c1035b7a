// A layer that multiplies by a weight Parameter, with its mask and its bias. Private to this room.
#pragma once

#include "ns/nn/layer.h"
#include "ns/nn/onednn.h"

namespace ns::nn {

class WeightedLayer : public LayerPasses {
 public:
  /// `bias` may be null. Both outlive the layer.
  WeightedLayer(ProductGeometry geometry, Parameter* weight, Parameter* bias);

  void forward(const ForwardPass& pass) override;
  void backward(BackwardPass& pass) override;

 private:
  Parameter* weight_;
  Parameter* bias_;
  OnednnProduct product_;
  Tensor masked_;  ///< value ⊙ mask, kept from forward to backward
};

}  // namespace ns::nn
