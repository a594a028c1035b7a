#include "ns/nn/layer.h"
#include "ns/nn/vectorised.h"
#include "ns/nn/window.h"

namespace ns::nn {
namespace {

NS_MULTIVERSION void accumulate(const float* x, float factor, float* y, std::int64_t n) {
  NS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] += factor * x[i];
  }
}

class AvgPool : public LayerPasses {
 public:
  AvgPool(const Layer& layer, ImageShape in, ImageShape out) : layer_(layer), in_(in), out_(out) {}

  void forward(const ForwardPass& pass) override {
    pass.output->fill(0.0f);
    for_windows(pass.inputs[0]->shape()[0], [&](std::int64_t outer, std::int64_t inner, float share) {
      accumulate(pass.inputs[0]->data() + inner, share, pass.output->data() + outer, in_.c);
    });
  }

  void backward(BackwardPass& pass) override {
    if (!pass.wanted[0]) {
      return;
    }
    Gradient dx = pass.pool->take(pass.inputs[0]->shape());
    dx->fill(0.0f);
    for_windows(dx->shape()[0], [&](std::int64_t outer, std::int64_t inner, float share) {
      accumulate(pass.output_grad->data() + outer, share, dx->data() + inner, in_.c);
    });
    pass.input_grads[0] = std::move(dx);
  }

 private:
  /// f(offset of the output pixel, offset of an input pixel, its share), images in parallel, the rest in
  /// order.
  template <class F>
  void for_windows(std::int64_t images, const F& f) const {
    const std::int64_t in_size = std::int64_t{in_.h} * in_.w * in_.c;
    const std::int64_t out_size = std::int64_t{out_.h} * out_.w * out_.c;
    parallel_chunks(images, 1, [&](std::int64_t image, std::int64_t, std::int64_t) {
      for (int oy = 0; oy < out_.h; ++oy) {
        for (int ox = 0; ox < out_.w; ++ox) {
          const Window window(layer_, in_, oy, ox);
          const float share = 1.0f / static_cast<float>(window.area());
          const std::int64_t outer = image * out_size + (std::int64_t{oy} * out_.w + ox) * out_.c;
          for (int y = window.top; y < window.bottom; ++y) {
            for (int x = window.left; x < window.right; ++x) {
              f(outer, image * in_size + (std::int64_t{y} * in_.w + x) * in_.c, share);
            }
          }
        }
      }
    });
  }

  Layer layer_;
  ImageShape in_, out_;
};

}  // namespace

std::unique_ptr<LayerPasses> make_avg_pool(const Layer& layer, ImageShape in, ImageShape out) {
  return std::make_unique<AvgPool>(layer, in, out);
}

}  // namespace ns::nn
