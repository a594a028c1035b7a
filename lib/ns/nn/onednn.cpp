#include "ns/nn/onednn.h"

#include <algorithm>
#include <dnnl.hpp>

#include "ns/base/error.h"
#include "ns/tensor/tensor.h"

namespace ns::nn {
namespace {

using dnnl::memory;
using Tag = dnnl::memory::format_tag;
using Dims = dnnl::memory::dims;

memory::desc float_desc(const Dims& dims, Tag tag) {
  return {dims, memory::data_type::f32, tag};
}

memory::data_type type_of(Precision precision) {
  return precision == Precision::kBfloat16 ? memory::data_type::bf16 : memory::data_type::f32;
}

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

/// oneDNN never writes through a source handle, but its interface knows no const.
memory wrap(const memory::desc& desc, const float* data) {
  return {desc, cpu(), const_cast<float*>(data)};
}

/// Memory that a pass needs only while it runs, shared by all layers; it grows to the largest one's need.
float* scratch(int slot, std::size_t bytes) {
  thread_local std::array<Tensor, 2> buffers;
  Tensor& buffer = buffers[static_cast<std::size_t>(slot)];
  const auto floats = static_cast<std::int64_t>((bytes + sizeof(float) - 1) / sizeof(float));
  if (buffer.size() < floats) {
    buffer = Tensor({floats});
  }
  return buffer.data();
}

constexpr int kOwnBuffer = -1;

/// An array in the layout and type of one primitive; the caller's own when those are already right, else a
/// copy in a buffer of its own or in scratch.
class Packed {
 public:
  Packed(const memory::desc& plain, const memory::desc& packed, int slot)
      : plain_(plain), packed_(packed), slot_(slot), same_(plain == packed) {
    if (!same_) {
      buffer_ = slot == kOwnBuffer ? memory(packed, cpu()) : wrap(packed, nullptr);
      pack_ = dnnl::reorder(wrap(plain, nullptr), buffer_);
      unpack_ = dnnl::reorder(buffer_, wrap(plain, nullptr));
    }
  }

  memory load(dnnl::stream& stream, const float* plain) {
    if (same_) {
      return wrap(plain_, plain);
    }
    memory source = wrap(plain_, plain), copy = buffer();
    pack_.execute(stream, source, copy);
    return copy;
  }

  /// Whether what load() returned, while its buffer lasts, serves `other` as well.
  bool serves(const Packed& other) const { return packed_ == other.packed_; }
  bool keeps() const { return !same_ && slot_ == kOwnBuffer; }
  memory kept() const { return buffer_; }

  memory target(float* plain) { return same_ ? wrap(plain_, plain) : buffer(); }

  void store(dnnl::stream& stream, float* plain) {
    if (!same_) {
      memory source = buffer(), target = wrap(plain_, plain);
      unpack_.execute(stream, source, target);
    }
  }

 private:
  memory buffer() {
    return slot_ == kOwnBuffer ? buffer_ : wrap(packed_, scratch(slot_, packed_.get_size()));
  }

  memory::desc plain_, packed_;
  int slot_;
  bool same_;
  memory buffer_;
  dnnl::reorder pack_, unpack_;
};

/// One of the three passes, in the layouts it wants.
struct Pass {
  memory::desc x, y, weights;
  dnnl::primitive run;
};

struct Primitives {
  memory::desc x, y, bias, weights;  ///< the caller's layouts
  Pass forward, data, gradient;
};

struct ConvolutionDims {
  Dims x, y, stride, before, after;
  memory::data_type type;  ///< of what is multiplied
};

/// The passes by one algorithm, with activations in NHWC or, for Winograd, as it likes them. Those not wanted
/// are left empty. Throws dnnl::error where the processor has no such implementation.
void make_passes(const ConvolutionDims& d, dnnl::algorithm algorithm, bool with_forward, bool with_data,
                 bool with_gradient, Primitives& p) {
  const Tag tag = algorithm == dnnl::algorithm::convolution_winograd ? Tag::any : Tag::nhwc;
  const memory::desc x(d.x, d.type, tag), dy(d.y, d.type, tag);
  const memory::desc weights(p.weights.dims(), d.type, Tag::any);
  const memory::desc y = float_desc(d.y, tag), dx = float_desc(d.x, tag);
  const memory::desc dw = float_desc(p.weights.dims(), Tag::any);
  const dnnl::convolution_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, algorithm, x, weights, p.bias, y, d.stride, d.before, d.after},
      cpu());
  if (with_forward) {
    p.forward = {forward.src_desc(), forward.dst_desc(), forward.weights_desc(),
                 dnnl::convolution_forward(forward)};
  }
  if (with_data) {
    const dnnl::convolution_backward_data::primitive_desc data(
        {algorithm, dx, weights, dy, d.stride, d.before, d.after}, cpu(), forward);
    p.data = {data.diff_src_desc(), data.diff_dst_desc(), data.weights_desc(),
              dnnl::convolution_backward_data(data)};
  }
  if (with_gradient) {
    const dnnl::convolution_backward_weights::primitive_desc gradient(
        {algorithm, x, dw, p.bias, dy, d.stride, d.before, d.after}, cpu(), forward);
    p.gradient = {gradient.src_desc(), gradient.diff_dst_desc(), gradient.diff_weights_desc(),
                  dnnl::convolution_backward_weights(gradient)};
  }
}

/// Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray, 2016) needs a quarter of the multiplications,
/// but transforms and copies of the activations, which only many channels repay: measured on AVX-512, where
/// alone oneDNN 2.6 has it. The weight gradient's transforms are the dearest.
bool winograd_repays(const ProductGeometry& g, int least_channels) {
  const std::array<int, 2> three{3, 3}, one{1, 1};
  return g.kernel == three && g.stride == one && g.groups == 1 && !g.has_bias && g.out.h * g.out.w >= 64 &&
         std::min(g.in.c, g.out.c) >= least_channels;
}

Primitives make_convolution(const ProductGeometry& g, std::int64_t n, Precision precision) {
  const ConvolutionDims d{{n, g.in.c, g.in.h, g.in.w},         {n, g.out.c, g.out.h, g.out.w},
                          {g.stride[0], g.stride[1]},          {g.padding.top, g.padding.left},
                          {g.padding.bottom, g.padding.right}, type_of(precision)};
  const bool grouped = g.groups > 1;
  const Dims weights = grouped
                           ? Dims{g.groups, g.out.c / g.groups, g.in.c / g.groups, g.kernel[0], g.kernel[1]}
                           : Dims{g.out.c, g.in.c, g.kernel[0], g.kernel[1]};
  Primitives p;
  p.x = float_desc(d.x, Tag::nhwc);
  p.y = float_desc(d.y, Tag::nhwc);
  p.bias = g.has_bias ? float_desc({g.out.c}, Tag::a) : memory::desc();
  p.weights = float_desc(weights, grouped ? Tag::goihw : Tag::oihw);
  const bool exact = precision == Precision::kFloat32;  // Winograd's transforms would magnify the rounding
  bool winograd = exact && winograd_repays(g, 32), winograd_gradient = exact && winograd_repays(g, 128);
  try {
    if (winograd) {
      make_passes(d, dnnl::algorithm::convolution_winograd, true, true, winograd_gradient, p);
    }
  } catch (const dnnl::error&) {
    winograd = winograd_gradient = false;
  }
  make_passes(d, dnnl::algorithm::convolution_direct, !winograd, !winograd, !winograd_gradient, p);
  return p;
}

Primitives make_inner_product(const ProductGeometry& g, std::int64_t n) {
  Primitives p;
  p.x = float_desc({n, g.in.c, g.in.h, g.in.w}, Tag::nhwc);
  p.y = float_desc({n, g.out.c}, Tag::nc);
  p.bias = g.has_bias ? float_desc({g.out.c}, Tag::a) : memory::desc();
  p.weights = float_desc({g.out.c, g.in.c, g.in.h, g.in.w}, Tag::oihw);
  const memory::desc any = float_desc(p.weights.dims(), Tag::any);

  const dnnl::inner_product_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, p.x, any, p.bias, p.y}, cpu());
  const dnnl::inner_product_backward_data::primitive_desc data({p.x, any, p.y}, cpu(), forward);
  const dnnl::inner_product_backward_weights::primitive_desc gradient({p.x, any, p.bias, p.y}, cpu(),
                                                                      forward);
  p.forward = {p.x, p.y, forward.weights_desc(), dnnl::inner_product_forward(forward)};
  p.data = {p.x, p.y, data.weights_desc(), dnnl::inner_product_backward_data(data)};
  p.gradient = {p.x, p.y, gradient.diff_weights_desc(), dnnl::inner_product_backward_weights(gradient)};
  return p;
}

}  // namespace

struct OnednnProduct::Plan {
  /// A pass with its arrays on their way in and out.
  struct Staged {
    Staged(const Primitives& made, const Pass& pass, int x_slot = 0)
        : x(made.x, pass.x, x_slot),
          y(made.y, pass.y, 1),
          weights(made.weights, pass.weights, kOwnBuffer),
          run(pass.run) {}
    Packed x, y, weights;
    dnnl::primitive run;
  };

  Plan(const Primitives& made, Precision precision)
      : bias(made.bias),
        // A rounded x is half the size, and the weights' gradient wants it again.
        forward(made, made.forward, precision == Precision::kBfloat16 ? kOwnBuffer : 0),
        data(made, made.data),
        gradient(made, made.gradient),
        stream(cpu()) {}

  memory::desc bias;
  Staged forward, data, gradient;
  dnnl::stream stream;
};

OnednnProduct::OnednnProduct(const ProductGeometry& geometry) : geometry_(geometry) {}
OnednnProduct::~OnednnProduct() = default;

OnednnProduct::Plan& OnednnProduct::plan(std::int64_t n, Precision precision) {
  const bool grouped = geometry_.groups > 1;
  if (geometry_.inner || grouped) {
    precision = Precision::kFloat32;  // too few products for each rounded number
  }
  std::unique_ptr<Plan>& found = plans_[{n, precision}];
  if (!found) {
    try {
      found = std::make_unique<Plan>(
          geometry_.inner ? make_inner_product(geometry_, n) : make_convolution(geometry_, n, precision),
          precision);
    } catch (const dnnl::error& error) {
      throw internal_error(std::string("oneDNN cannot build a layer for batch ") + std::to_string(n) + ": " +
                           error.what());
    }
  }
  return *found;
}

void OnednnProduct::forward(std::int64_t n, const float* x, const float* weights, const float* bias, float* y,
                            Precision precision) {
  Plan& p = plan(n, precision);
  Plan::Staged& pass = p.forward;
  last_ = &p;
  weights_ = weights;
  std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, pass.x.load(p.stream, x)},
                                            {DNNL_ARG_WEIGHTS, pass.weights.load(p.stream, weights)},
                                            {DNNL_ARG_DST, pass.y.target(y)}};
  if (geometry_.has_bias) {
    arguments.insert({DNNL_ARG_BIAS, wrap(p.bias, bias)});
  }
  pass.run.execute(p.stream, arguments);
  pass.y.store(p.stream, y);
  p.stream.wait();
}

void OnednnProduct::backward(const float* x, const float* dy, float* dw, float* db, float* dx) {
  Plan& p = *last_;
  Plan::Staged &gradient = p.gradient, &data = p.data;
  const bool x_kept = p.forward.x.keeps() && p.forward.x.serves(gradient.x);
  const memory loaded = gradient.y.load(p.stream, dy);
  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, x_kept ? p.forward.x.kept() : gradient.x.load(p.stream, x)},
      {DNNL_ARG_DIFF_DST, loaded},
      {DNNL_ARG_DIFF_WEIGHTS, gradient.weights.target(dw)}};
  if (geometry_.has_bias) {
    arguments.insert({DNNL_ARG_DIFF_BIAS, wrap(p.bias, db)});
  }
  gradient.run.execute(p.stream, arguments);
  gradient.weights.store(p.stream, dw);
  if (dx != nullptr) {
    data.run.execute(p.stream,
                     {{DNNL_ARG_DIFF_DST, gradient.y.serves(data.y) ? loaded : data.y.load(p.stream, dy)},
                      {DNNL_ARG_WEIGHTS, data.weights.load(p.stream, weights_)},
                      {DNNL_ARG_DIFF_SRC, data.x.target(dx)}});
    data.x.store(p.stream, dx);
  }
  p.stream.wait();
}

bool has_bfloat16() {
  const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto wanted = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_bf16);
  return (isa & wanted) == wanted;
}

}  // namespace ns::nn
