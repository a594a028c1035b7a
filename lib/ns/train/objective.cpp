#include "ns/train/objective.h"

#include <algorithm>

#include "ns/base/error.h"
#include "ns/detect/multi_box_loss.h"
#include "ns/train/detector.h"

namespace ns::train {

double ClassificationObjective::loss(const nn::Network& network, const data::Batch& batch,
                                     const std::vector<Tensor>* teacher,
                                     std::vector<Tensor>& gradients) const {
  gradients.resize(1);
  const Tensor& logits = network.output(0);
  return teacher != nullptr
             ? nn::distilled_cross_entropy(logits, batch.labels, teacher->front(), mix_, gradients[0],
                                           batch.weights)
             : nn::cross_entropy(logits, batch.labels, mix_.smoothing, gradients[0], batch.weights);
}

DetectionObjective::DetectionObjective(const nn::Graph& graph, parallel::Communicator& group)
    : default_boxes_(default_boxes_of(graph)), classes_(graph.detection.classes), group_(group) {}

double DetectionObjective::loss(const nn::Network& network, const data::Batch& batch,
                                const std::vector<Tensor>*, std::vector<Tensor>& gradients) const {
  const std::size_t outputs = 2 * network.graph().detection.scales.size();
  gradients.resize(outputs);
  for (std::size_t i = 0; i < outputs; ++i) {
    if (gradients[i].shape() != network.output(i).shape()) gradients[i] = Tensor(network.output(i).shape());
  }
  const std::int64_t images = batch.x.shape()[0];
  std::vector<detect::Targets> targets;
  double objects = 0;
  for (std::int64_t i = 0; i < images; ++i) {
    const auto own = std::ranges::equal_range(batch.truths, static_cast<int>(i), {}, &detect::Truth::image);
    targets.push_back(detect::targets_of(default_boxes_, {own.begin(), own.end()}));
    objects += static_cast<double>(targets.back().objects);
  }
  group_.sum(std::span(&objects, 1));
  // Of the whole batch; whoever adds up the processes takes each one's share for a mean.
  const double factor = group_.size() / std::max(objects, 1.0);
  double sum = 0;
  std::vector<float> scores_grad, codes_grad;
  for (std::int64_t i = 0; i < images; ++i) {
    const HeadOutputs head = head_outputs(network, i);
    scores_grad.resize(head.scores.size());
    codes_grad.resize(head.codes.size());
    sum += detect::multi_box_loss<float>(head.scores, head.codes, targets[static_cast<std::size_t>(i)],
                                         factor, scores_grad, codes_grad);
    auto next_score = scores_grad.cbegin(), next_code = codes_grad.cbegin();
    for (std::size_t k = 0; k < outputs; ++k) {
      const std::int64_t size = gradients[k].size() / images;
      auto& next = k % 2 == 0 ? next_score : next_code;
      std::copy_n(next, size, gradients[k].data() + i * size);
      next += size;
    }
  }
  return sum * factor;
}

}  // namespace ns::train
