#include "ns/nn/weighted.h"

namespace ns::nn {

std::unique_ptr<LayerPasses> make_linear(ImageShape in, ImageShape out, Parameter* weight, Parameter* bias) {
  ProductGeometry geometry;
  geometry.in = in;
  geometry.out = out;
  geometry.inner = true;
  return std::make_unique<WeightedLayer>(geometry, weight, bias);
}

}  // namespace ns::nn
