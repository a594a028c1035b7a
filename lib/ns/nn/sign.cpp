#include <vector>

#include "ns/nn/layer.h"
#include "ns/nn/sign_levels.h"
#include "ns/nn/vectorised.h"

namespace ns::nn {
namespace {

NS_MULTIVERSION void sign_span(const float* x, float* y, std::int64_t n) {
  NS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) y[i] = sign_of(x[i]);
}

NS_MULTIVERSION void levels_span(const float* x, float steps, float* y, std::int64_t n) {
  NS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) y[i] = sign_level(x[i], steps);
}

NS_MULTIVERSION void clip_span(const float* x, float* y, std::int64_t n) {
  NS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] > 1.0f ? 1.0f : x[i] < -1.0f ? -1.0f : x[i];
}

NS_MULTIVERSION void clipped_span(const float* x, const float* dy, float* dx, std::int64_t n) {
  NS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) dx[i] = clipped_slope(x[i]) * dy[i];
}

NS_MULTIVERSION void polynomial_span(const float* x, float steps, const float* dy, float* dx,
                                     std::int64_t n) {
  NS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) dx[i] = polynomial_slope(x[i], steps) * dy[i];
}

class Sign : public LayerPasses {
 public:
  Sign(const Layer& layer, Parameter* shift) : layer_(layer), shift_(shift) {}

  void forward(const ForwardPass& pass) override {
    relaxed_ = pass.relaxation.activations;
    const Tensor& x = shifted(*pass.inputs[0]);
    const auto steps = static_cast<float>(sign_steps(layer_.bits));
    float* y = pass.output->data();
    parallel_chunks(x.size(), kElementsPerChunk, [&](std::int64_t, std::int64_t first, std::int64_t last) {
      if (relaxed_) {
        clip_span(x.data() + first, y + first, last - first);
      } else if (layer_.bits == 1) {
        sign_span(x.data() + first, y + first, last - first);
      } else {
        levels_span(x.data() + first, steps, y + first, last - first);
      }
    });
  }

  void backward(BackwardPass& pass) override {
    const Tensor& x = shift_ == nullptr ? *pass.inputs[0] : shifted_;
    const auto steps = static_cast<float>(sign_steps(layer_.bits));
    const bool clipped = relaxed_ || layer_.estimator == Estimator::kClipped;
    const Gradient dy = std::move(pass.output_grad);
    Gradient dx = dy.use_count() == 1 ? dy : pass.pool->take(x.shape());
    parallel_chunks(x.size(), kElementsPerChunk, [&](std::int64_t, std::int64_t first, std::int64_t last) {
      if (clipped) {
        clipped_span(x.data() + first, dy->data() + first, dx->data() + first, last - first);
      } else {
        polynomial_span(x.data() + first, steps, dy->data() + first, dx->data() + first, last - first);
      }
    });
    if (shift_ != nullptr) {
      sum_channels(*dx);
    }
    if (pass.wanted[0]) {
      pass.input_grads[0] = std::move(dx);
    }
  }

 private:
  /// x plus the shift, which backward needs too; x itself without one.
  const Tensor& shifted(const Tensor& x) {
    if (shift_ == nullptr) {
      return x;
    }
    if (shifted_.shape() != x.shape()) {
      shifted_ = Tensor(x.shape());
    }
    const std::int64_t channels = shift_->value.size();
    const float* shift = shift_->value.data();
    parallel_chunks(x.size() / channels, 256, [&](std::int64_t, std::int64_t first, std::int64_t last) {
      for (std::int64_t pixel = first; pixel < last; ++pixel) {
        const float* from = x.data() + pixel * channels;
        float* to = shifted_.data() + pixel * channels;
        for (std::int64_t c = 0; c < channels; ++c) to[c] = from[c] + shift[c];
      }
    });
    return shifted_;
  }

  /// In one order whatever the number of threads.
  void sum_channels(const Tensor& dx) {
    const std::int64_t channels = shift_->value.size();
    std::vector<double> sums(static_cast<std::size_t>(channels));
    for (std::int64_t i = 0; i < dx.size(); i += channels) {
      for (std::int64_t c = 0; c < channels; ++c) sums[static_cast<std::size_t>(c)] += dx[i + c];
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      shift_->grad[c] = static_cast<float>(sums[static_cast<std::size_t>(c)]);
    }
  }

  Layer layer_;
  Parameter* shift_;
  Tensor shifted_;
  bool relaxed_ = false;  ///< in the last forward
};

}  // namespace

std::unique_ptr<LayerPasses> make_sign(const Layer& layer, Parameter* shift) {
  return std::make_unique<Sign>(layer, shift);
}

}  // namespace ns::nn
