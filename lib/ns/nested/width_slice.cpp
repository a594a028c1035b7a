#include "ns/nested/width_slice.h"

#include <algorithm>
#include <map>

#include "ns/base/error.h"
#include "ns/nested/widths.h"

namespace ns::nested {
namespace {

/// f(offset in the part, offset in the whole, count) for every contiguous run of the part, which is the first
/// rows and columns of the whole.
template <class F>
void for_runs(const Tensor& part, const Tensor& whole, F f) {
  const bool vector = part.shape().size() == 1;
  const std::int64_t rows = vector ? 1 : part.shape()[0];
  const std::int64_t row = part.size() / rows, whole_row = whole.size() / (vector ? 1 : whole.shape()[0]);
  for (std::int64_t i = 0; i < rows; ++i) {
    f(i * row, i * whole_row, row);
  }
}

void take(const Tensor& whole, Tensor& part) {
  for_runs(part, whole, [&](std::int64_t to, std::int64_t from, std::int64_t count) {
    std::copy_n(whole.data() + from, count, part.data() + to);
  });
}

void put(const Tensor& part, Tensor& whole) {
  for_runs(part, whole, [&](std::int64_t from, std::int64_t to, std::int64_t count) {
    std::copy_n(part.data() + from, count, whole.data() + to);
  });
}

/// Names of the bank in the model, by their names in a network with one bank.
std::map<std::string, std::string> names_of_bank(const nn::Graph& graph, int bank) {
  std::map<std::string, std::string> names;
  for (const nn::Layer& layer : graph.layers) {
    const bool banked = layer.op == nn::Op::kBatchNorm && bank > 0;
    const std::string prefix = layer.name + (banked ? "@" + std::to_string(bank) : "");
    for (const char* suffix : {".weight", ".bias", ".running_mean", ".running_var"}) {
      names[layer.name + suffix] = prefix + suffix;
    }
  }
  return names;
}

}  // namespace

WidthSlice::WidthSlice(Model& model, std::span<const double> widths, int subnet)
    : dense_(at_width(model.network().graph(), width_of(widths, subnet)), 1, 0) {
  nn::Network& whole = model.network();
  const auto names = names_of_bank(whole.graph(), subnet - 1);
  for (nn::Parameter& part : dense_.network().parameters()) {
    nn::Parameter& of = whole.parameter(names.at(part.name));
    values_.push_back({&part.value, &of.value});
    gradients_.push_back({&part.grad, &of.grad});
  }
  for (nn::Buffer& part : dense_.network().buffers()) {
    statistics_.push_back({&part.value, &whole.buffer(names.at(part.name)).value});
  }
  load();
}

void WidthSlice::load() {
  for (const Pair& pair : values_) {
    take(*pair.whole, *pair.part);
  }
  for (const Pair& pair : statistics_) {
    take(*pair.whole, *pair.part);
  }
}

void WidthSlice::store() {
  for (const Pair& pair : gradients_) {
    pair.whole->fill(0.0f);
    put(*pair.part, *pair.whole);
  }
  for (const Pair& pair : statistics_) {
    put(*pair.part, *pair.whole);
  }
}

}  // namespace ns::nested
