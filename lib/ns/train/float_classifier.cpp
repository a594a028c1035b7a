#include "ns/train/float_classifier.h"

#include "ns/base/error.h"
#include "ns/checkpoint/training_data.h"
#include "ns/nested/gates.h"
#include "ns/train/fit.h"

namespace ns::train {

FloatClassifier::FloatClassifier(const std::string& checkpoint, const data::Dataset& dataset)
    : FloatClassifier(checkpoint::read_safetensors(checkpoint), dataset) {}

FloatClassifier::FloatClassifier(const checkpoint::Archive& archive, const data::Dataset& dataset)
    : model_(nested::model_of(archive)), normalisation_(dataset.normalisation) {
  const nn::Graph& graph = model_.network().graph();
  require_fits(graph, dataset, archive.origin);
  classes_ = dataset.classes.size();
  held_out_ = checkpoint::training_data(checkpoint::profile_of(archive).config, archive.origin).held_out;
}

void FloatClassifier::run(int subnet, std::span<const std::uint8_t> images, std::span<float> logits) {
  const ImageShape shape = model_.network().graph().input;
  const auto image = static_cast<std::size_t>(shape.size());
  const std::size_t count = images.size() / image;
  if (images.size() % image != 0 || logits.size() != count * classes_) {
    throw internal_error("images or logits of the wrong size");
  }
  model_.select(subnet);
  Tensor x({static_cast<std::int64_t>(count), shape.h, shape.w, shape.c});
  data::normalise(images, normalisation_, x.values());
  const Tensor& result = model_.network().forward(x, nn::Mode::kEval);
  std::copy_n(result.data(), logits.size(), logits.begin());
}

double FloatClassifier::macs(int subnet) const {
  const nn::Graph& graph = model_.network().graph();
  double sum = 0;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const auto levels = model_.levels().find(graph.layers[i].name + ".weight");
    const double kept = levels == model_.levels().end() ? 1.0 : 1.0 - levels->second.sparsity(subnet);
    sum += kept * nested::computed_share(graph, graph.layers[i], subnet) * static_cast<double>(graph.macs(i));
  }
  return sum;
}

}  // namespace ns::train
