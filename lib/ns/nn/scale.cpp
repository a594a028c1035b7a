// One factor per channel and image, of which only the largest may count: the gate of Gao et al., "Dynamic
// channel pruning: feature boosting and suppression", ICLR 2019, equations 6 to 9.
#include <algorithm>
#include <numeric>

#include "ns/nn/layer.h"
#include "ns/nn/vectorised.h"

namespace ns::nn {
namespace {

NS_MULTIVERSION void multiply_pixels(const float* x, const float* factors, float* y, std::int64_t pixels,
                                     std::int64_t channels) {
  for (std::int64_t p = 0; p < pixels; ++p, x += channels, y += channels) {
    NS_INDEPENDENT
    for (std::int64_t c = 0; c < channels; ++c) {
      y[c] = x[c] * factors[c];
    }
  }
}

NS_MULTIVERSION void add_products(const float* a, const float* b, float* sums, std::int64_t pixels,
                                  std::int64_t channels) {
  for (std::int64_t p = 0; p < pixels; ++p, a += channels, b += channels) {
    NS_INDEPENDENT
    for (std::int64_t c = 0; c < channels; ++c) {
      sums[c] += a[c] * b[c];
    }
  }
}

class Scale : public LayerPasses {
 public:
  Scale(const Layer& layer, ImageShape in)
      : layer_(layer), pixels_(std::int64_t{in.h} * in.w), channels_(in.c) {}

  void forward(const ForwardPass& pass) override {
    const std::int64_t images = pass.inputs[0]->shape()[0];
    choose(*pass.inputs[1], images, pass.bank);
    for_images(images, [&](std::int64_t at, std::int64_t gate) {
      multiply_pixels(pass.inputs[0]->data() + at, factors_.data() + gate, pass.output->data() + at, pixels_,
                      channels_);
    });
  }

  void backward(BackwardPass& pass) override {
    const Gradient dy = std::move(pass.output_grad);
    const std::int64_t images = dy->shape()[0];
    if (pass.wanted[0]) {
      pass.input_grads[0] = pass.pool->take(pass.inputs[0]->shape());
      for_images(images, [&](std::int64_t at, std::int64_t gate) {
        multiply_pixels(dy->data() + at, factors_.data() + gate, pass.input_grads[0]->data() + at, pixels_,
                        channels_);
      });
    }
    if (pass.wanted[1]) {
      pass.input_grads[1] = pass.pool->take(pass.inputs[1]->shape());
      float* sums = pass.input_grads[1]->data();
      for_images(images, [&](std::int64_t at, std::int64_t gate) {
        std::fill_n(sums + gate, channels_, 0.0f);
        add_products(dy->data() + at, pass.inputs[0]->data() + at, sums + gate, pixels_, channels_);
      });
      finish(*pass.inputs[1], sums, images * pass.group->size());
    }
  }

 private:
  /// Factors of the winners, zero for the others. Of equal factors the lower channel wins.
  void choose(const Tensor& given, std::int64_t images, int bank) {
    factors_.assign(given.data(), given.data() + given.size());
    winners_.assign(factors_.size(), 1);
    if (layer_.keep.empty()) {
      return;
    }
    const int kept = kept_channels(layer_.keep[static_cast<std::size_t>(bank)], static_cast<int>(channels_));
    std::vector<std::int64_t> order(static_cast<std::size_t>(channels_));
    for (std::int64_t image = 0; image < images; ++image) {
      const float* of = given.data() + image * channels_;
      std::iota(order.begin(), order.end(), std::int64_t{0});
      std::stable_sort(order.begin(), order.end(), [of](auto a, auto b) { return of[a] > of[b]; });
      for (auto loser = order.begin() + kept; loser != order.end(); ++loser) {
        const auto at = static_cast<std::size_t>(image * channels_ + *loser);
        factors_[at] = 0.0f;
        winners_[at] = 0;
      }
    }
  }

  /// Losers learn nothing from the output; the penalty, a mean over the `images` of all processes, reaches
  /// every factor.
  void finish(const Tensor& given, float* sums, std::int64_t images) const {
    const float penalty = static_cast<float>(layer_.penalty / static_cast<double>(images));
    for (std::size_t i = 0; i < winners_.size(); ++i) {
      const float factor = given.data()[i];
      const float slope = factor > 0.0f ? penalty : factor < 0.0f ? -penalty : 0.0f;
      sums[i] = (winners_[i] != 0 ? sums[i] : 0.0f) + slope;
    }
  }

  /// f(offset of the image's activations, offset of its factors)
  template <class F>
  void for_images(std::int64_t images, const F& f) const {
    parallel_chunks(images, 1, [&](std::int64_t image, std::int64_t, std::int64_t) {
      f(image * pixels_ * channels_, image * channels_);
    });
  }

  Layer layer_;
  std::int64_t pixels_, channels_;
  std::vector<float> factors_;         ///< [image][channel], kept from forward to backward
  std::vector<std::uint8_t> winners_;  ///< likewise
};

}  // namespace

std::unique_ptr<LayerPasses> make_scale(const Layer& layer, ImageShape in) {
  return std::make_unique<Scale>(layer, in);
}

}  // namespace ns::nn
