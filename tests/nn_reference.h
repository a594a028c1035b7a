// A network evaluated in double precision with the plainest loops there are: the truth for lib/ns/nn.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "ns/base/rng.h"
#include "ns/nn/network.h"

namespace nn_reference {

using Values = std::vector<double>;

inline Values to_double(const ns::Tensor& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}

inline ns::Tensor random_tensor(const ns::Shape& shape, ns::Rng& rng) {
  ns::Tensor tensor(shape);
  for (float& value : tensor.values()) {
    value = rng.normal();
  }
  return tensor;
}

/// Largest difference relative to the largest expected value, or to 0.1 where the truth is zero (a bias
/// before a batch-norm) and only rounding is left; infinite if they are not as many.
inline double worst(const Values& expected, std::span<const float> found) {
  if (expected.size() != found.size()) {
    return std::numeric_limits<double>::infinity();
  }
  double scale = 0.1, difference = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    scale = std::max(scale, std::abs(expected[i]));
    difference = std::max(difference, std::abs(expected[i] - double{found[i]}));
  }
  return difference / scale;
}

/// Parameters (times their masks) and buffers by name.
inline std::map<std::string, Values> arrays_of(const ns::nn::Network& network) {
  std::map<std::string, Values> arrays;
  for (const auto& parameter : network.parameters()) {
    Values values = to_double(parameter.value);
    for (std::size_t i = 0; parameter.mask != nullptr && i < values.size(); ++i) {
      values[i] *= parameter.mask->data()[i];
    }
    arrays[parameter.name] = values;
  }
  for (const auto& buffer : network.buffers()) {
    arrays[buffer.name] = to_double(buffer.value);
  }
  return arrays;
}

class Reference {
 public:
  Reference(const ns::nn::Graph& graph, std::map<std::string, Values>& arrays, bool train, int bank = 0,
            ns::nn::Relaxation relaxation = {})
      : graph_(graph),
        arrays_(arrays),
        train_(train),
        bank_(bank),
        relaxation_(relaxation),
        shapes_(graph.infer_shapes()) {}

  /// Outputs of all layers for a batch [n,h,w,c].
  std::vector<Values> forward(const Values& x, int n) {
    x_ = &x;
    n_ = n;
    outputs_.clear();
    for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
      outputs_.push_back(layer(i));
    }
    return outputs_;
  }

 private:
  using Layer = ns::nn::Layer;
  using Op = ns::nn::Op;
  using ImageShape = ns::nn::ImageShape;

  Values layer(std::size_t i) {
    const Layer& l = graph_.layers[i];
    const int source = graph_.index_of(l.inputs[0]);
    in_ = source < 0 ? graph_.input : shapes_[source];
    out_ = shapes_[i];
    const Values& x = source < 0 ? *x_ : outputs_[source];
    switch (l.op) {
      case Op::kConv:
        return convolution(l, x, in_.c);
      case Op::kDepthwiseConv:
        return convolution(l, x, 1);
      case Op::kLinear:
        return linear(l, x);
      case Op::kBatchNorm:
        return batch_norm(l, x);
      case Op::kRelu: {
        Values y = x;
        for (double& v : y) v = v > 0 ? v : 0;
        return y;
      }
      case Op::kAdd: {
        const int other = graph_.index_of(l.inputs[1]);
        const Values& b = other < 0 ? *x_ : outputs_[other];
        Values y = x;
        for (std::size_t k = 0; k < y.size(); ++k) y[k] += b[k];
        return y;
      }
      case Op::kConcat:
        return concatenated(l);
      case Op::kSign:
        return signs(l, x);
      case Op::kBinaryConv:
        return binary_convolution(l, x);
      case Op::kScale:
        return scale(l, x, outputs_.at(std::size_t(graph_.index_of(l.inputs[1]))));
      case Op::kMaxPool:
        return pool(l, x, true);
      case Op::kAvgPool:
        return pool(l, x, false);
      case Op::kGlobalAvgPool: {
        Layer whole = l;
        whole.kernel = {in_.h, in_.w};
        return pool(whole, x, false);
      }
    }
    throw std::logic_error("operator without reference");
  }

  double pixel(const Values& x, int n, int y, int column, int c) const {
    return x[((std::size_t(n) * in_.h + y) * in_.w + column) * in_.c + c];
  }
  bool inside(int y, int x) const { return y >= 0 && y < in_.h && x >= 0 && x < in_.w; }

  template <class F>
  Values for_outputs(const F& f) const {
    Values result;
    for (int n = 0; n < n_; ++n)
      for (int y = 0; y < out_.h; ++y)
        for (int x = 0; x < out_.w; ++x)
          for (int c = 0; c < out_.c; ++c) result.push_back(f(n, y, x, c));
    return result;
  }

  Values convolution(const Layer& l, const Values& x, int inputs) {
    const Values& weight = arrays_.at(l.name + ".weight");
    return for_outputs([&](int n, int oy, int ox, int co) {
      double sum = l.bias ? arrays_.at(l.name + ".bias")[co] : 0.0;
      for (int ci = 0; ci < inputs; ++ci)
        for (int ky = 0; ky < l.kernel[0]; ++ky)
          for (int kx = 0; kx < l.kernel[1]; ++kx) {
            const int y = oy * l.stride[0] - l.padding.top + ky,
                      column = ox * l.stride[1] - l.padding.left + kx;
            if (inside(y, column)) {
              sum += pixel(x, n, y, column, l.op == Op::kDepthwiseConv ? co : ci) *
                     weight[((std::size_t(co) * inputs + ci) * l.kernel[0] + ky) * l.kernel[1] + kx];
            }
          }
      return sum;
    });
  }

  Values concatenated(const Layer& l) {
    Values y;
    for (std::size_t pixel = 0; pixel < std::size_t(n_) * out_.h * out_.w; ++pixel)
      for (const std::string& name : l.inputs) {
        const int source = graph_.index_of(name);
        const int c = source < 0 ? graph_.input.c : shapes_[source].c;
        const Values& from = source < 0 ? *x_ : outputs_[source];
        y.insert(y.end(), from.begin() + pixel * c, from.begin() + (pixel + 1) * c);
      }
    return y;
  }

  Values signs(const Layer& l, const Values& x) const {
    const double steps = std::pow(2, l.bits) - 1;
    Values y;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double v = x[i] + (l.shift ? arrays_.at(l.name + ".shift")[i % in_.c] : 0.0);
      double nearest = -1;  // of the steps + 1 values from -1 to 1; the upper of two
      for (int q = 1; q <= steps; ++q)
        if (const double level = -1 + 2 * q / steps; std::abs(level - v) <= std::abs(nearest - v) + 1e-12)
          nearest = level;
      y.push_back(relaxation_.activations ? std::clamp(v, -1.0, 1.0) : nearest);
    }
    return y;
  }

  Values binary_convolution(const Layer& l, const Values& x) {
    Values weight = arrays_.at(l.name + ".weight");
    const std::size_t taps = std::size_t(l.kernel[0]) * l.kernel[1], filter = taps * in_.c;
    for (std::size_t first = 0; first < weight.size(); first += filter) {
      double scale = 0;
      for (std::size_t tap = 0; tap < taps; ++tap) {
        double mean = 0;
        for (int c = 0; c < in_.c; ++c) mean += weight[first + c * taps + tap] / in_.c;
        for (int c = 0; c < in_.c; ++c) {
          weight[first + c * taps + tap] -= mean;
          scale += std::abs(weight[first + c * taps + tap]) / double(filter);
        }
      }
      for (std::size_t i = first; i < first + filter && !relaxation_.weights; ++i)
        weight[i] = (weight[i] < 0 ? -1 : 1) * (l.scaling ? scale : 1.0);
    }
    return for_outputs([&](int n, int oy, int ox, int co) {
      double sum = 0;
      for (int ci = 0; ci < in_.c; ++ci)
        for (int ky = 0; ky < l.kernel[0]; ++ky)
          for (int kx = 0; kx < l.kernel[1]; ++kx) {
            const int y = oy * l.stride[0] - l.padding.top + ky,
                      column = ox * l.stride[1] - l.padding.left + kx;
            sum += (inside(y, column) ? pixel(x, n, y, column, ci) : -1.0) *
                   weight[((std::size_t(co) * in_.c + ci) * l.kernel[0] + ky) * l.kernel[1] + kx];
          }
      return sum;
    });
  }

  Values linear(const Layer& l, const Values& x) {
    const Values& weight = arrays_.at(l.name + ".weight");
    return for_outputs([&](int n, int, int, int unit) {
      double sum = l.bias ? arrays_.at(l.name + ".bias")[unit] : 0.0;
      for (int c = 0; c < in_.c; ++c)
        for (int y = 0; y < in_.h; ++y)
          for (int column = 0; column < in_.w; ++column)
            sum += pixel(x, n, y, column, c) *
                   weight[((std::size_t(unit) * in_.c + c) * in_.h + y) * in_.w + column];
      return sum;
    });
  }

  Values pool(const Layer& l, const Values& x, bool max) const {
    return for_outputs([&](int n, int oy, int ox, int c) {
      double best = -std::numeric_limits<double>::infinity(), sum = 0.0;
      int count = 0;
      for (int ky = 0; ky < l.kernel[0]; ++ky)
        for (int kx = 0; kx < l.kernel[1]; ++kx) {
          const int y = oy * l.stride[0] - l.padding.top + ky,
                    column = ox * l.stride[1] - l.padding.left + kx;
          if (inside(y, column)) {
            best = std::max(best, pixel(x, n, y, column, c));
            sum += pixel(x, n, y, column, c);
            ++count;
          }
        }
      return max ? best : sum / count;
    });
  }

  /// A channel is kept if fewer than `kept` others have a larger factor, or an equal one and a lower number.
  Values scale(const Layer& l, const Values& x, const Values& factors) const {
    const int kept = l.keep.empty() ? in_.c : ns::nn::kept_channels(l.keep[std::size_t(bank_)], in_.c);
    return for_outputs([&](int n, int row, int column, int c) {
      const double* of = &factors[std::size_t(n) * in_.c];
      int before = 0;
      for (int other = 0; other < in_.c; ++other)
        before += of[other] > of[c] || (of[other] == of[c] && other < c);
      return before < kept ? pixel(x, n, row, column, c) * of[c] : 0.0;
    });
  }

  Values batch_norm(const Layer& l, const Values& x) {
    const std::string name = l.name + (bank_ > 0 ? "@" + std::to_string(bank_) : "");
    const Values &gamma = arrays_.at(name + ".weight"), &beta = arrays_.at(name + ".bias");
    Values mean(in_.c), variance(in_.c);
    if (train_) {
      const double rows = double(x.size()) / in_.c;
      for (std::size_t i = 0; i < x.size(); ++i) mean[i % in_.c] += x[i] / rows;
      for (std::size_t i = 0; i < x.size(); ++i)
        variance[i % in_.c] += std::pow(x[i] - mean[i % in_.c], 2) / rows;
    } else {
      mean = arrays_.at(name + ".running_mean");
      variance = arrays_.at(name + ".running_var");
    }
    Values y = x;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t c = i % in_.c;
      y[i] = (x[i] - mean[c]) / std::sqrt(variance[c] + 1e-5) * gamma[c] + beta[c];
    }
    return y;
  }

  const ns::nn::Graph& graph_;
  std::map<std::string, Values>& arrays_;
  bool train_;
  int bank_;
  ns::nn::Relaxation relaxation_;
  std::vector<ImageShape> shapes_;
  std::vector<Values> outputs_;
  const Values* x_ = nullptr;
  int n_ = 0;
  ImageShape in_, out_;
};

}  // namespace nn_reference
