#include <algorithm>

#include "ns/nn/layer.h"
#include "ns/nn/vectorised.h"

namespace ns::nn {
namespace {

class Concat : public LayerPasses {
 public:
  void forward(const ForwardPass& pass) override {
    const std::int64_t channels = pass.output->shape()[3];
    std::int64_t before = 0;
    for (const Tensor* input : pass.inputs) {
      const std::int64_t own = channels_of(*input);
      float* to = pass.output->data() + before;
      const float* from = input->data();
      for_pixels(input->size() / own,
                 [&](std::int64_t pixel) { std::copy_n(from + pixel * own, own, to + pixel * channels); });
      before += own;
    }
  }

  void backward(BackwardPass& pass) override {
    const std::int64_t channels = pass.output_grad->shape()[3];
    std::int64_t before = 0;
    for (std::size_t k = 0; k < pass.inputs.size(); ++k) {
      const std::int64_t own = channels_of(*pass.inputs[k]);
      if (pass.wanted[k]) {
        Gradient gradient = pass.pool->take(pass.inputs[k]->shape());
        const float* from = pass.output_grad->data() + before;
        float* to = gradient->data();
        for_pixels(gradient->size() / own,
                   [&](std::int64_t pixel) { std::copy_n(from + pixel * channels, own, to + pixel * own); });
        pass.input_grads[k] = std::move(gradient);
      }
      before += own;
    }
  }

 private:
  /// A linear layer's output is [n, c], everything else [n, h, w, c].
  static std::int64_t channels_of(const Tensor& tensor) { return tensor.shape().back(); }

  template <class F>
  static void for_pixels(std::int64_t count, const F& f) {
    constexpr std::int64_t kPixelsPerChunk = 256;
    parallel_chunks(count, kPixelsPerChunk, [&](std::int64_t, std::int64_t first, std::int64_t last) {
      for (std::int64_t pixel = first; pixel < last; ++pixel) {
        f(pixel);
      }
    });
  }
};

}  // namespace

std::unique_ptr<LayerPasses> make_concat() {
  return std::make_unique<Concat>();
}

}  // namespace ns::nn
