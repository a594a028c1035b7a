#include "ns/nn/vectorised.h"
#include "ns/nn/weighted.h"

namespace ns::nn {
namespace {

/// A 1x1 convolution with a stride reads one pixel of every stride: take those, then convolve without a
/// stride. oneDNN does the same inside, but its backward pass writes past the workspace when the input
/// channels do not fill a block (uxlfoundation/oneDNN issue 6035; 2.6 corrupts the heap with two threads and
/// 8 channels).
class StridedPointwise : public LayerPasses {
 public:
  StridedPointwise(const Layer& layer, ImageShape in, ImageShape out, Parameter* weight, Parameter* bias)
      : stride_(layer.stride),
        in_(in),
        out_(out),
        convolution_({.in = {out.h, out.w, in.c}, .out = out}, weight, bias) {}

  void forward(const ForwardPass& pass) override {
    const Tensor& x = *pass.inputs[0];
    const Shape taken{x.shape()[0], out_.h, out_.w, in_.c};
    if (taken_.shape() != taken) {
      taken_ = Tensor(taken);
    }
    for_pixels(taken[0], [&](std::int64_t small, std::int64_t large) {
      std::copy_n(x.data() + large, in_.c, taken_.data() + small);
    });
    ForwardPass inner = pass;
    inner.inputs[0] = &taken_;
    convolution_.forward(inner);
  }

  void backward(BackwardPass& pass) override {
    const Shape shape = pass.inputs[0]->shape();
    pass.inputs[0] = &taken_;
    convolution_.backward(pass);
    if (!pass.wanted[0]) {
      return;
    }
    const Gradient small_grad = std::move(pass.input_grads[0]);
    Gradient grad = pass.pool->take(shape);
    parallel_chunks(grad->size(), kElementsPerChunk,
                    [&](std::int64_t, std::int64_t first, std::int64_t last) {
                      std::fill(grad->data() + first, grad->data() + last, 0.0f);
                    });
    for_pixels(shape[0], [&](std::int64_t small, std::int64_t large) {
      std::copy_n(small_grad->data() + small, in_.c, grad->data() + large);
    });
    pass.input_grads[0] = std::move(grad);
  }

 private:
  /// f(offset in the taken pixels, offset in the input) for every output pixel.
  template <class F>
  void for_pixels(std::int64_t images, const F& f) const {
    parallel_chunks(images, 1, [&](std::int64_t image, std::int64_t, std::int64_t) {
      for (std::int64_t y = 0; y < out_.h; ++y) {
        for (std::int64_t x = 0; x < out_.w; ++x) {
          f(((image * out_.h + y) * out_.w + x) * in_.c,
            ((image * in_.h + y * stride_[0]) * in_.w + x * stride_[1]) * in_.c);
        }
      }
    });
  }

  std::array<int, 2> stride_;
  ImageShape in_, out_;
  WeightedLayer convolution_;
  Tensor taken_;
};

}  // namespace

std::unique_ptr<LayerPasses> make_conv(const Layer& layer, ImageShape in, ImageShape out, Parameter* weight,
                                       Parameter* bias) {
  const std::array<int, 2> one{1, 1};
  if (layer.kernel == one && layer.stride != one) {
    return std::make_unique<StridedPointwise>(layer, in, out, weight, bias);
  }
  ProductGeometry geometry;
  geometry.in = in;
  geometry.out = out;
  geometry.kernel = layer.kernel;
  geometry.stride = layer.stride;
  geometry.padding = layer.padding;
  return std::make_unique<WeightedLayer>(geometry, weight, bias);
}

}  // namespace ns::nn
