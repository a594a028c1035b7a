#include "bench/float_accuracy.h"

#include "ns/base/error.h"
#ifdef NESTKIT_TRAINING
#include <algorithm>

#include "common/stop_signal.h"
#include "ns/checkpoint/safetensors.h"
#include "ns/data/loader.h"
#include "ns/data/split.h"
#include "ns/metrics/accuracy.h"
#include "ns/nested/model.h"
#include "ns/train/detector.h"
#endif

std::vector<double> float_accuracies([[maybe_unused]] const std::string& checkpoint,
                                     [[maybe_unused]] const ns::data::Dataset& dataset,
                                     [[maybe_unused]] std::size_t count) {
#ifdef NESTKIT_TRAINING
  ns::nested::Model model = ns::nested::model_of(ns::checkpoint::read_safetensors(checkpoint));
  const ns::ImageShape input = model.network().graph().input;
  if (!(input == dataset.shape))
    throw ns::input_error(checkpoint + ": takes other images than " + dataset.name);
  const ns::nn::Graph& graph = model.network().graph();
  const bool detects = graph.detection.present();
  const auto classes =
      static_cast<std::size_t>(detects ? graph.detection.classes : graph.infer_shapes().back().c);
  if (classes != dataset.classes.size())
    throw ns::input_error(checkpoint + ": has " + std::to_string(classes) + " classes, " + dataset.name +
                          " has " + std::to_string(dataset.classes.size()));
  const std::size_t total = count == 0 ? dataset.size() : std::min(count, dataset.size());
  std::vector<double> accuracies;
  if (detects) {
    const ns::data::Dataset some = ns::data::take_first(dataset, total);
    for (int k = 1; k <= model.subnets(); ++k)
      accuracies.push_back(ns::train::mean_average_precision(model, k, some));
    return accuracies;
  }
  for (int k = 1; k <= model.subnets(); ++k) {
    model.select(k);
    std::int64_t correct = 0;
    ns::data::Batch batch;
    for (std::size_t first = 0; first < total; first += 250) {
      throw_if_stopped();
      evaluation_batch(dataset, first, std::min<std::size_t>(250, total - first), batch);
      correct +=
          ns::metrics::count_correct(model.network().forward(batch.x, ns::nn::Mode::kEval), batch.labels);
    }
    accuracies.push_back(static_cast<double>(correct) / static_cast<double>(total));
  }
  return accuracies;
#else
  throw ns::usage_error("--checkpoint: this build has no float networks", "build with -DNESTKIT_TRAINING=ON");
#endif
}
