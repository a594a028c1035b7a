#include "ns/nn/onednn.h"

#include <dnnl.hpp>

#include "ns/base/error.h"

namespace ns::nn {
namespace {

using dnnl::memory;
using Tag = dnnl::memory::format_tag;
using Dims = dnnl::memory::dims;

memory::desc float_desc(const Dims& dims, Tag tag) {
  return {dims, memory::data_type::f32, tag};
}

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

/// oneDNN never writes through a source handle, but its interface knows no const.
memory wrap(const memory::desc& desc, const float* data) {
  return {desc, cpu(), const_cast<float*>(data)};
}

/// Weights in the layout of one primitive; the caller's own array when that layout is already right.
class PackedWeights {
 public:
  PackedWeights(const memory::desc& plain, const memory::desc& packed)
      : plain_(plain), packed_(packed), same_(plain == packed) {
    if (!same_) {
      buffer_ = memory(packed, cpu());
      pack_ = dnnl::reorder(wrap(plain, nullptr), buffer_);
      unpack_ = dnnl::reorder(buffer_, wrap(plain, nullptr));
    }
  }

  memory load(dnnl::stream& stream, const float* plain) {
    if (same_) {
      return wrap(plain_, plain);
    }
    memory source = wrap(plain_, plain);
    pack_.execute(stream, source, buffer_);
    return buffer_;
  }

  memory target(float* plain) const { return same_ ? wrap(plain_, plain) : buffer_; }

  void store(dnnl::stream& stream, float* plain) {
    if (!same_) {
      memory target = wrap(plain_, plain);
      unpack_.execute(stream, buffer_, target);
    }
  }

 private:
  memory::desc plain_, packed_;
  bool same_;
  memory buffer_;
  dnnl::reorder pack_, unpack_;
};

struct Primitives {
  memory::desc x, y, bias, plain_weights;
  memory::desc forward_weights, data_weights, weights_grad;
  dnnl::primitive forward, backward_data, backward_weights;
};

Primitives make_convolution(const ProductGeometry& g, std::int64_t n) {
  using dnnl::algorithm;
  const Dims x{n, g.in.c, g.in.h, g.in.w}, y{n, g.out.c, g.out.h, g.out.w}, bias{g.out.c};
  const Dims stride{g.stride[0], g.stride[1]};
  const Dims before{g.padding.top, g.padding.left}, after{g.padding.bottom, g.padding.right};
  const bool grouped = g.groups > 1;
  const Dims weights = grouped
                           ? Dims{g.groups, g.out.c / g.groups, g.in.c / g.groups, g.kernel[0], g.kernel[1]}
                           : Dims{g.out.c, g.in.c, g.kernel[0], g.kernel[1]};
  Primitives p;
  p.x = float_desc(x, Tag::nhwc);
  p.y = float_desc(y, Tag::nhwc);
  p.bias = g.has_bias ? float_desc(bias, Tag::a) : memory::desc();
  p.plain_weights = float_desc(weights, grouped ? Tag::goihw : Tag::oihw);
  const memory::desc any = float_desc(weights, Tag::any);

  const dnnl::convolution_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, algorithm::convolution_direct, p.x, any, p.bias, p.y, stride,
       before, after},
      cpu());
  const dnnl::convolution_backward_data::primitive_desc data(
      {algorithm::convolution_direct, p.x, any, p.y, stride, before, after}, cpu(), forward);
  const dnnl::convolution_backward_weights::primitive_desc grad(
      {algorithm::convolution_direct, p.x, any, p.bias, p.y, stride, before, after}, cpu(), forward);
  p.forward_weights = forward.weights_desc();
  p.data_weights = data.weights_desc();
  p.weights_grad = grad.diff_weights_desc();
  p.forward = dnnl::convolution_forward(forward);
  p.backward_data = dnnl::convolution_backward_data(data);
  p.backward_weights = dnnl::convolution_backward_weights(grad);
  return p;
}

Primitives make_inner_product(const ProductGeometry& g, std::int64_t n) {
  const Dims weights{g.out.c, g.in.c, g.in.h, g.in.w};
  Primitives p;
  p.x = float_desc({n, g.in.c, g.in.h, g.in.w}, Tag::nhwc);
  p.y = float_desc({n, g.out.c}, Tag::nc);
  p.bias = g.has_bias ? float_desc({g.out.c}, Tag::a) : memory::desc();
  p.plain_weights = float_desc(weights, Tag::oihw);
  const memory::desc any = float_desc(weights, Tag::any);

  const dnnl::inner_product_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, p.x, any, p.bias, p.y}, cpu());
  const dnnl::inner_product_backward_data::primitive_desc data({p.x, any, p.y}, cpu(), forward);
  const dnnl::inner_product_backward_weights::primitive_desc grad({p.x, any, p.bias, p.y}, cpu(), forward);
  p.forward_weights = forward.weights_desc();
  p.data_weights = data.weights_desc();
  p.weights_grad = grad.diff_weights_desc();
  p.forward = dnnl::inner_product_forward(forward);
  p.backward_data = dnnl::inner_product_backward_data(data);
  p.backward_weights = dnnl::inner_product_backward_weights(grad);
  return p;
}

}  // namespace

struct OnednnProduct::Plan {
  explicit Plan(Primitives made)
      : primitives(std::move(made)),
        forward_weights(primitives.plain_weights, primitives.forward_weights),
        data_weights(primitives.plain_weights, primitives.data_weights),
        weights_grad(primitives.plain_weights, primitives.weights_grad),
        stream(cpu()) {}

  Primitives primitives;
  PackedWeights forward_weights, data_weights, weights_grad;
  dnnl::stream stream;
};

OnednnProduct::OnednnProduct(const ProductGeometry& geometry) : geometry_(geometry) {}
OnednnProduct::~OnednnProduct() = default;

OnednnProduct::Plan& OnednnProduct::plan(std::int64_t n) {
  std::unique_ptr<Plan>& found = plans_[n];
  if (!found) {
    try {
      found = std::make_unique<Plan>(geometry_.inner ? make_inner_product(geometry_, n)
                                                     : make_convolution(geometry_, n));
    } catch (const dnnl::error& error) {
      throw internal_error(std::string("oneDNN cannot build a layer for batch ") + std::to_string(n) + ": " +
                           error.what());
    }
  }
  return *found;
}

void OnednnProduct::forward(std::int64_t n, const float* x, const float* weights, const float* bias,
                            float* y) {
  Plan& p = plan(n);
  weights_ = weights;
  std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, wrap(p.primitives.x, x)},
                                            {DNNL_ARG_WEIGHTS, p.forward_weights.load(p.stream, weights)},
                                            {DNNL_ARG_DST, wrap(p.primitives.y, y)}};
  if (geometry_.has_bias) {
    arguments.insert({DNNL_ARG_BIAS, wrap(p.primitives.bias, bias)});
  }
  p.primitives.forward.execute(p.stream, arguments);
  p.stream.wait();
}

void OnednnProduct::backward_data(std::int64_t n, const float* dy, float* dx) {
  Plan& p = plan(n);
  p.primitives.backward_data.execute(p.stream, {{DNNL_ARG_DIFF_DST, wrap(p.primitives.y, dy)},
                                                {DNNL_ARG_WEIGHTS, p.data_weights.load(p.stream, weights_)},
                                                {DNNL_ARG_DIFF_SRC, wrap(p.primitives.x, dx)}});
  p.stream.wait();
}

void OnednnProduct::backward_weights(std::int64_t n, const float* x, const float* dy, float* dw, float* db) {
  Plan& p = plan(n);
  std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, wrap(p.primitives.x, x)},
                                            {DNNL_ARG_DIFF_DST, wrap(p.primitives.y, dy)},
                                            {DNNL_ARG_DIFF_WEIGHTS, p.weights_grad.target(dw)}};
  if (geometry_.has_bias) {
    arguments.insert({DNNL_ARG_DIFF_BIAS, wrap(p.primitives.bias, db)});
  }
  p.primitives.backward_weights.execute(p.stream, arguments);
  p.weights_grad.store(p.stream, dw);
  p.stream.wait();
}

}  // namespace ns::nn
