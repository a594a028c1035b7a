#include "ns/nn/parameter_set.h"

#include <algorithm>

#include "ns/nn/init.h"

namespace ns::nn {
namespace {

class Builder {
 public:
  Builder(ParameterSet& set, int banks, std::uint64_t seed) : set_(set), banks_(banks), seed_(seed) {}

  void add(std::size_t index, const Layer& layer, const ImageShape& in) {
    LayerParameters& at = set_.of_layer.emplace_back();
    Rng rng(derive_seed(seed_, index));
    switch (layer.op) {
      case Op::kConv:
      case Op::kDepthwiseConv: {
        const bool depthwise = layer.op == Op::kDepthwiseConv;
        const Shape shape = weight_shape(layer, in);
        at.weight = parameter(layer.name + ".weight", shape, true);
        if (depthwise && layer.kernel == std::array{1, 1}) {
          set_.parameters.back().value.fill(1.0f);  // a factor per channel
        } else {
          he_normal_fan_out(set_.parameters.back().value, depthwise ? in.c : 1, rng);
        }
        if (layer.bias) {
          at.bias = parameter(layer.name + ".bias", {shape[0]}, false);
        }
        break;
      }
      case Op::kLinear: {
        const Shape shape = weight_shape(layer, in);
        const std::int64_t inputs = shape[1];
        at.weight = parameter(layer.name + ".weight", shape, true);
        uniform_fan_in(set_.parameters.back().value, inputs, rng);
        if (layer.bias) {
          at.bias = parameter(layer.name + ".bias", {layer.filters}, false);
          uniform_fan_in(set_.parameters.back().value, inputs, rng);
        }
        break;
      }
      case Op::kBatchNorm:
        for (int bank = 0; bank < banks_; ++bank) {
          add_bank(at, layer.name + (bank > 0 ? std::string("@").append(std::to_string(bank)) : ""), in.c);
        }
        break;
      case Op::kBinaryConv: {
        at.weight = parameter(layer.name + ".weight", weight_shape(layer, in), false);
        Parameter& latent = set_.parameters.back();
        latent.limit = 1.0f;
        he_normal_fan_out(latent.value, 1, rng);
        for (float& value : latent.value.values()) {
          value = std::clamp(value, -latent.limit, latent.limit);
        }
        break;
      }
      case Op::kSign:
        if (layer.shift) {
          at.shift = parameter(layer.name + ".shift", {in.c}, false);
        }
        break;
      default:
        break;
    }
  }

 private:
  int parameter(const std::string& name, const Shape& shape, bool decay) {
    set_.parameters.push_back({.name = name, .value = Tensor(shape), .grad = Tensor(shape), .decay = decay});
    return static_cast<int>(set_.parameters.size()) - 1;
  }

  int buffer(const std::string& name, const Shape& shape, float value) {
    set_.buffers.push_back({name, Tensor(shape)});
    set_.buffers.back().value.fill(value);
    return static_cast<int>(set_.buffers.size()) - 1;
  }

  void add_bank(LayerParameters& at, const std::string& name, std::int64_t channels) {
    at.gamma.push_back(parameter(name + ".weight", {channels}, false));
    set_.parameters.back().value.fill(1.0f);
    at.beta.push_back(parameter(name + ".bias", {channels}, false));
    at.mean.push_back(buffer(name + ".running_mean", {channels}, 0.0f));
    at.variance.push_back(buffer(name + ".running_var", {channels}, 1.0f));
  }

  ParameterSet& set_;
  int banks_;
  std::uint64_t seed_;
};

}  // namespace

ParameterSet::ParameterSet(const Graph& graph, const std::vector<ImageShape>& shapes, int banks,
                           std::uint64_t seed) {
  Builder builder(*this, banks, seed);
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const int source = graph.index_of(graph.layers[i].inputs[0]);
    builder.add(i, graph.layers[i], source < 0 ? graph.input : shapes[static_cast<std::size_t>(source)]);
  }
}

}  // namespace ns::nn
