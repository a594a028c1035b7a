#include "bench/float_accuracy.h"

#include "ns/base/error.h"
#ifdef NESTKIT_TRAINING
#include <algorithm>

#include "common/stop_signal.h"
#include "ns/checkpoint/safetensors.h"
#include "ns/data/split.h"
#include "ns/metrics/accuracy.h"
#include "ns/nested/member.h"
#include "ns/nested/model.h"
#include "ns/train/detector.h"
#include "ns/train/evaluate.h"
#include "ns/train/fit.h"
#endif

std::vector<double> float_accuracies([[maybe_unused]] const std::string& checkpoint,
                                     [[maybe_unused]] int member,
                                     [[maybe_unused]] const ns::data::Dataset& dataset,
                                     [[maybe_unused]] std::size_t count) {
#ifdef NESTKIT_TRAINING
  const ns::checkpoint::Archive archive = ns::checkpoint::read_safetensors(checkpoint);
  ns::nested::Model model =
      member > 0 ? ns::nested::member_model(archive, member) : ns::nested::model_of(archive);
  const ns::nn::Graph& graph = model.network().graph();
  ns::train::require_fits(graph, dataset, checkpoint);
  const std::size_t total = count == 0 ? dataset.size() : std::min(count, dataset.size());
  const ns::data::Dataset some = ns::data::take_first(dataset, total);
  std::vector<double> accuracies;
  for (int k = 1; k <= model.subnets(); ++k) {
    if (graph.detection.present()) {
      accuracies.push_back(ns::train::mean_average_precision(model, k, some));
      continue;
    }
    model.select(k);
    std::int64_t correct = 0;
    ns::train::for_each_batch(model, some,
                              [&](const ns::Tensor& logits, const ns::data::Batch& batch, std::size_t) {
                                throw_if_stopped();
                                correct += ns::metrics::count_correct(logits, batch.labels);
                              });
    accuracies.push_back(static_cast<double>(correct) / static_cast<double>(total));
  }
  return accuracies;
#else
  throw ns::usage_error("--checkpoint: this build has no float networks", "build with -DNESTKIT_TRAINING=ON");
#endif
}
