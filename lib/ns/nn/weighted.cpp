#include "ns/nn/weighted.h"

#include "ns/base/error.h"
#include "ns/nn/elementwise.h"

namespace ns::nn {
namespace {

ProductGeometry with_bias(ProductGeometry geometry, bool has_bias) {
  geometry.has_bias = has_bias;
  return geometry;
}

}  // namespace

WeightedLayer::WeightedLayer(ProductGeometry geometry, Parameter* weight, Parameter* bias)
    : weight_(weight), bias_(bias), product_(with_bias(geometry, bias != nullptr)) {}

void WeightedLayer::forward(const ForwardPass& pass) {
  const Tensor* weights = &weight_->value;
  if (weight_->mask != nullptr) {
    if (weight_->mask->shape() != weight_->value.shape()) {
      throw internal_error("the mask of '" + weight_->name + "' is " + to_string(weight_->mask->shape()) +
                           ", expected " + to_string(weight_->value.shape()));
    }
    if (masked_.empty()) {
      masked_ = Tensor(weight_->value.shape());
    }
    multiply(weight_->value, *weight_->mask, masked_);
    weights = &masked_;
  }
  const Tensor& x = *pass.inputs[0];
  product_.forward(x.shape()[0], x.data(), weights->data(), bias_ ? bias_->value.data() : nullptr,
                   pass.output->data(), pass.precision);
}

void WeightedLayer::backward(BackwardPass& pass) {
  const Tensor& x = *pass.inputs[0];
  const Gradient dy = std::move(pass.output_grad);
  float* dx = nullptr;
  if (pass.wanted[0]) {
    pass.input_grads[0] = pass.pool->take(x.shape());
    dx = pass.input_grads[0]->data();
  }
  product_.backward(x.data(), dy->data(), weight_->grad.data(), bias_ ? bias_->grad.data() : nullptr, dx);
}

}  // namespace ns::nn
