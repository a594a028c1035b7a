#include "ns/nn/layer.h"
#include "ns/nn/vectorised.h"
#include "ns/nn/window.h"

namespace ns::nn {
namespace {

/// Takes over x where it is larger (or NaN), remembering the position; the first of equals wins, as in
/// PyTorch.
NS_MULTIVERSION void keep_larger(const float* x, std::int32_t position, float* best, std::int32_t* where,
                                 std::int64_t n) {
  NS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) {
    const bool larger = !(x[i] <= best[i]);
    best[i] = larger ? x[i] : best[i];
    where[i] = larger ? position : where[i];
  }
}

class MaxPool : public LayerPasses {
 public:
  MaxPool(const Layer& layer, ImageShape in, ImageShape out) : layer_(layer), in_(in), out_(out) {}

  void forward(const ForwardPass& pass) override {
    const float* x = pass.inputs[0]->data();
    const std::int64_t images = pass.inputs[0]->shape()[0];
    const std::int64_t in_size = std::int64_t{in_.h} * in_.w * in_.c;
    const std::int64_t pixels = std::int64_t{out_.h} * out_.w;
    where_.resize(static_cast<std::size_t>(images * pixels * out_.c));
    parallel_chunks(images, 1, [&](std::int64_t image, std::int64_t, std::int64_t) {
      for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
        const Window window(layer_, in_, static_cast<int>(pixel / out_.w), static_cast<int>(pixel % out_.w));
        float* best = pass.output->data() + (image * pixels + pixel) * out_.c;
        std::int32_t* where = where_.data() + (image * pixels + pixel) * out_.c;
        const int first = window.top * in_.w + window.left;
        std::copy_n(x + image * in_size + std::int64_t{first} * in_.c, in_.c, best);
        std::fill_n(where, in_.c, first);
        for (int y = window.top; y < window.bottom; ++y) {
          for (int column = window.left; column < window.right; ++column) {
            const int position = y * in_.w + column;
            keep_larger(x + image * in_size + std::int64_t{position} * in_.c, position, best, where, in_.c);
          }
        }
      }
    });
  }

  void backward(BackwardPass& pass) override {
    if (!pass.wanted[0]) {
      return;
    }
    Gradient dx = pass.pool->take(pass.inputs[0]->shape());
    dx->fill(0.0f);
    const std::int64_t in_size = std::int64_t{in_.h} * in_.w * in_.c;
    const std::int64_t out_size = std::int64_t{out_.h} * out_.w * out_.c;
    parallel_chunks(dx->shape()[0], 1, [&](std::int64_t image, std::int64_t, std::int64_t) {
      const float* dy = pass.output_grad->data() + image * out_size;
      const std::int32_t* where = where_.data() + image * out_size;
      float* target = dx->data() + image * in_size;
      for (std::int64_t i = 0; i < out_size; ++i) {
        target[std::int64_t{where[i]} * in_.c + i % in_.c] += dy[i];
      }
    });
    pass.input_grads[0] = std::move(dx);
  }

 private:
  Layer layer_;
  ImageShape in_, out_;
  std::vector<std::int32_t> where_;  ///< of every output: the input pixel it came from
};

}  // namespace

std::unique_ptr<LayerPasses> make_max_pool(const Layer& layer, ImageShape in, ImageShape out) {
  return std::make_unique<MaxPool>(layer, in, out);
}

}  // namespace ns::nn
