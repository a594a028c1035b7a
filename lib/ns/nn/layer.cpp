#include "ns/nn/layer.h"

#include "ns/base/error.h"
#include "ns/nn/parameter_set.h"

namespace ns::nn {

Gradient GradientPool::take(const Shape& shape) {
  std::vector<std::unique_ptr<Tensor>>& free = free_[shape];
  std::unique_ptr<Tensor> tensor;
  if (free.empty()) {
    tensor = std::make_unique<Tensor>(shape);
  } else {
    tensor = std::move(free.back());
    free.pop_back();
  }
  return {tensor.release(), [this](Tensor* back) { free_[back->shape()].emplace_back(back); }};
}

std::unique_ptr<LayerPasses> make_passes(const Layer& layer, const ImageShape& in, const ImageShape& out,
                                         ParameterSet& set, std::size_t index, bool with_relu) {
  const LayerParameters& own = set.of_layer[index];
  const auto parameter = [&](int at) { return at < 0 ? nullptr : &set.parameters[std::size_t(at)]; };
  switch (layer.op) {
    case Op::kConv:
      return make_conv(layer, in, out, parameter(own.weight), parameter(own.bias));
    case Op::kDepthwiseConv:
      return make_depthwise_conv(layer, in, out, parameter(own.weight), parameter(own.bias));
    case Op::kLinear:
      return make_linear(in, out, parameter(own.weight), parameter(own.bias));
    case Op::kBatchNorm: {
      std::vector<BatchNormBank> all;
      for (std::size_t b = 0; b < own.gamma.size(); ++b) {
        all.push_back({parameter(own.gamma[b]), parameter(own.beta[b]),
                       &set.buffers[std::size_t(own.mean[b])], &set.buffers[std::size_t(own.variance[b])]});
      }
      return make_batch_norm(layer.name, std::move(all), with_relu);
    }
    case Op::kRelu:
      return make_relu();
    case Op::kMaxPool:
      return make_max_pool(layer, in, out);
    case Op::kAvgPool:
      return make_avg_pool(layer, in, out);
    case Op::kGlobalAvgPool: {
      Layer whole = layer;
      whole.kernel = {in.h, in.w};
      return make_avg_pool(whole, in, out);
    }
    case Op::kAdd:
      return make_add(with_relu);
    case Op::kConcat:
      return make_concat();
    case Op::kSign:
      return make_sign(layer, parameter(own.shift));
    case Op::kBinaryConv:
      return make_binary_conv(layer, in, out, parameter(own.weight));
    case Op::kScale:
      return make_scale(layer, in);
  }
  throw internal_error("unknown operator");
}

}  // namespace ns::nn
