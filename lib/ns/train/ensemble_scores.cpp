#include "ns/train/ensemble_scores.h"

#include "ns/base/error.h"
#include "ns/binary/tentacle.h"
#include "ns/train/evaluate.h"
#include "ns/train/fit.h"

namespace ns::train {

EnsembleScores::EnsembleScores(const checkpoint::Archive& archive)
    : origin_(archive.origin), profile_(checkpoint::profile_of(archive)), model_(nested::model_of(archive)) {
  const std::vector<std::string> outputs = binary::member_outputs(graph());
  if (!model_.dense() || outputs.empty()) {
    throw input_error(origin_ + ": is not a dense network with a linear classifier",
                      "members of ensembles are; tta-eval evaluates nested networks");
  }
  for (const std::string& name : outputs) {
    const int layer = graph().index_of(name);
    if (layer < 0) {
      throw input_error(origin_ + ": its classifier reads the image itself, so there are no members");
    }
    features_.push_back(static_cast<std::size_t>(layer));
  }
  classes_ = static_cast<std::size_t>(graph().infer_shapes().back().c);
  classifiers_ = nested::member_classifiers(archive, model_);
}

std::vector<double> EnsembleScores::member_macs() const {
  std::vector<double> macs(members());
  for (std::size_t i = 0; i < graph().layers.size(); ++i) {
    const int member = binary::member_of(graph().layers[i].name);
    const std::size_t owner =
        member < 0 || member >= static_cast<int>(members()) ? 0 : static_cast<std::size_t>(member);
    macs[owner] += static_cast<double>(graph().macs(i));
  }
  return macs;
}

void EnsembleScores::score(std::size_t member, std::size_t image, std::span<float> logits) const {
  const Tensor& features = model_.network().activation(features_[member]);
  const nested::MemberClassifier& classifier = classifiers_[member];
  const Shape& shape = features.shape();
  const std::int64_t size = features.size() / shape[0], channels = shape.back(), pixels = size / channels;
  const float* x = features.data() + static_cast<std::int64_t>(image) * size;
  for (std::size_t c = 0; c < classes_; ++c) {
    const float* w = classifier.weight.data() + static_cast<std::int64_t>(c) * size;
    double sum = 0;
    for (std::int64_t channel = 0; channel < channels; ++channel) {  // the classifier reads in c, h, w order
      for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
        sum += double{w[channel * pixels + pixel]} * double{x[pixel * channels + channel]};
      }
    }
    logits[c] = static_cast<float>(sum) + classifier.bias[c];
  }
}

anytime::StageLogits EnsembleScores::logits(const data::Dataset& dataset,
                                            const std::function<void(std::size_t)>& progress) {
  require_fits(graph(), dataset, origin_);
  anytime::StageLogits result;
  result.samples = dataset.size();
  result.classes = classes_;
  result.stages.assign(members(), std::vector<float>(dataset.size() * classes_));
  model_.select(1);
  model_.network().keep_activations(true);
  for_each_batch(model_, dataset, [&](const Tensor&, const data::Batch& batch, std::size_t first) {
    for (std::size_t i = 0; i < batch.labels.size(); ++i) {
      for (std::size_t k = 0; k < members(); ++k) {
        score(k, i, std::span(result.stages[k]).subspan((first + i) * classes_, classes_));
      }
    }
    if (progress) progress(first + batch.labels.size());
  });
  return result;
}

}  // namespace ns::train
