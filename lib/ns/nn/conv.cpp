#include "ns/nn/weighted.h"

namespace ns::nn {

std::unique_ptr<LayerPasses> make_conv(const Layer& layer, ImageShape in, ImageShape out, Parameter* weight,
                                       Parameter* bias) {
  ProductGeometry geometry;
  geometry.in = in;
  geometry.out = out;
  geometry.kernel = layer.kernel;
  geometry.stride = layer.stride;
  geometry.padding = layer.padding;
  return std::make_unique<WeightedLayer>(geometry, weight, bias);
}

}  // namespace ns::nn
