#include "ns/nn/binary_weights.h"
#include "ns/nn/layer.h"
#include "ns/nn/vectorised.h"

namespace ns::nn {
namespace {

NS_MULTIVERSION void plus_one_span(const float* x, float* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] + 1.0f;
}

/// A convolution by the effective weights. Padding has the value -1, so a padded one is computed as that of
/// x + 1, whose padding is 0, less the sum of every filter's weights.
class BinaryConv : public LayerPasses {
 public:
  BinaryConv(const Layer& layer, ImageShape in, ImageShape out, Parameter* latent)
      : scaling_(layer.scaling), padded_(!(layer.padding == Padding{})), latent_(latent) {
    const Shape shape = latent->value.shape();
    effective_ = {.name = latent->name, .value = Tensor(shape), .grad = Tensor(shape)};
    offset_ = {.name = latent->name, .value = Tensor({shape[0]}), .grad = Tensor({shape[0]})};
    convolution_ = make_conv(layer, in, out, &effective_, padded_ ? &offset_ : nullptr);
  }

  void forward(const ForwardPass& pass) override {
    relaxed_ = pass.relaxation.weights;
    if (relaxed_) {
      effective_.value = centred_weights(latent_->value);
    } else {
      const BinaryWeights binary = binary_weights(latent_->value, scaling_);
      for_weights([&](std::int64_t filter, std::int64_t i) {
        effective_.value[i] = binary.scale[static_cast<std::size_t>(filter)] * binary.signs[i];
      });
    }
    if (!padded_) {
      convolution_->forward(pass);
      return;
    }
    offset_.value.fill(0.0f);
    for_weights([&](std::int64_t filter, std::int64_t i) { offset_.value[filter] -= effective_.value[i]; });
    const Tensor& x = *pass.inputs[0];
    if (raised_.shape() != x.shape()) {
      raised_ = Tensor(x.shape());
    }
    parallel_chunks(x.size(), kElementsPerChunk, [&](std::int64_t, std::int64_t first, std::int64_t last) {
      plus_one_span(x.data() + first, raised_.data() + first, last - first);
    });
    ForwardPass inner = pass;
    inner.inputs[0] = &raised_;
    convolution_->forward(inner);
  }

  void backward(BackwardPass& pass) override {
    if (padded_) {
      pass.inputs[0] = &raised_;
    }
    convolution_->backward(pass);
    if (padded_) {
      for_weights([&](std::int64_t filter, std::int64_t i) { effective_.grad[i] -= offset_.grad[filter]; });
    }
    latent_gradient(latent_->value, scaling_, relaxed_, effective_.grad, latent_->grad);
  }

 private:
  /// f(filter, index) for every weight.
  template <class F>
  void for_weights(const F& f) const {
    const std::int64_t filters = offset_.value.size(), weights = effective_.value.size() / filters;
    for (std::int64_t filter = 0; filter < filters; ++filter) {
      for (std::int64_t i = filter * weights; i < (filter + 1) * weights; ++i) f(filter, i);
    }
  }

  bool scaling_, padded_;
  bool relaxed_ = false;  ///< in the last forward
  Parameter* latent_;
  Parameter effective_, offset_;
  Tensor raised_;  ///< x + 1, kept from forward to backward
  std::unique_ptr<LayerPasses> convolution_;
};

}  // namespace

std::unique_ptr<LayerPasses> make_binary_conv(const Layer& layer, ImageShape in, ImageShape out,
                                              Parameter* weight) {
  return std::make_unique<BinaryConv>(layer, in, out, weight);
}

}  // namespace ns::nn
