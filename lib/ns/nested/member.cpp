#include "ns/nested/member.h"

#include <algorithm>

#include "ns/base/error.h"
#include "ns/binary/tentacle.h"

namespace ns::nested {
namespace {

constexpr const char* kBiases = "ensemble.bias";  // written by ns/train/ensemble_trainer.cpp

/// Columns [first, first + count) of a matrix, times `factor`.
Tensor columns(const Tensor& matrix, std::int64_t first, std::int64_t count, float factor) {
  const std::int64_t rows = matrix.shape()[0], row = matrix.shape()[1];
  Tensor part({rows, count});
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < count; ++j) part[i * count + j] = factor * matrix[i * row + first + j];
  }
  return part;
}

}  // namespace

std::vector<MemberClassifier> member_classifiers(const checkpoint::Archive& archive, Model& model) {
  const nn::Graph& graph = model.network().graph();
  const std::size_t members = binary::member_outputs(graph).size();
  if (members == 0) return {};
  const nn::Layer& classifier = graph.layers.back();
  const Tensor& weight = model.network().parameter(classifier.name + ".weight").value;
  const auto classes = static_cast<std::size_t>(weight.shape()[0]);
  const bool own_columns = binary::merges_by_concat(graph);
  const std::int64_t features = weight.shape()[1] / (own_columns ? static_cast<std::int64_t>(members) : 1);
  const bool own_bias = classifier.bias && archive.arrays.count(kBiases) > 0;
  const Tensor biases = own_bias ? archive.tensor(kBiases) : Tensor();
  if (own_bias && biases.size() != static_cast<std::int64_t>(members * classes)) {
    throw input_error(archive.origin + ": tensor " + kBiases + " is " + ns::to_string(biases.shape()) +
                      ", expected " + std::to_string(members) + " rows of " + std::to_string(classes));
  }
  const auto factor = static_cast<float>(members);
  std::vector<MemberClassifier> result;
  for (std::size_t k = 0; k < members; ++k) {
    MemberClassifier& one = result.emplace_back();
    one.weight = columns(weight, own_columns ? static_cast<std::int64_t>(k) * features : 0, features, factor);
    one.bias.assign(classes, 0.0f);
    for (std::size_t c = 0; classifier.bias && c < classes; ++c) {
      one.bias[c] =
          own_bias ? factor * biases[static_cast<std::int64_t>(k * classes + c)]
                   : model.network().parameter(classifier.name + ".bias").value[static_cast<std::int64_t>(c)];
    }
  }
  return result;
}

Model member_model(const checkpoint::Archive& archive, int member) {
  Model whole = model_of(archive);
  const std::vector<MemberClassifier> classifiers = member_classifiers(archive, whole);
  const bool there = whole.dense() && member >= 1 && member <= static_cast<int>(classifiers.size());
  if (!there) {
    throw usage_error(archive.origin + ": has no member " + std::to_string(member) + ": " +
                          (!whole.dense() ? std::to_string(whole.subnets()) + " subnets and no members"
                                          : "its members are 1 to " + std::to_string(classifiers.size())),
                      "bin-ensemble trains networks with members");
  }
  Model alone(binary::member_graph(whole.network().graph(), static_cast<std::size_t>(member - 1)), 1, 0);
  const MemberClassifier& own = classifiers[static_cast<std::size_t>(member - 1)];
  const std::string& classifier = alone.network().graph().layers.back().name;
  for (nn::Parameter& parameter : alone.network().parameters()) {
    if (parameter.name == classifier + ".weight") {
      parameter.value = own.weight;
    } else if (parameter.name == classifier + ".bias") {
      std::ranges::copy(own.bias, parameter.value.values().begin());
    } else {
      parameter.value = whole.network().parameter(parameter.name).value;
    }
  }
  for (nn::Buffer& buffer : alone.network().buffers())
    buffer.value = whole.network().buffer(buffer.name).value;
  return alone;
}

}  // namespace ns::nested
