#include "pack/calibration.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/progress.h"
#include "ns/base/error.h"
#include "ns/data/catalog.h"
#include "ns/data/split.h"

ns::data::Dataset calibration_set(const PackOptions& o, const ns::nn::Graph& graph) {
  ns::data::Dataset dataset =
      ns::data::load_dataset(o.data.data, o.data.data_dir, ns::data::Part::kTrain,
                             graph.detection.present() ? graph.input : ns::ImageShape{});
  for (const std::string& warning : dataset.warnings) spdlog::warn("{}", warning);
  if (graph.detection.present() != dataset.has_boxes())
    throw ns::input_error(o.checkpoint + ": its network is " +
                              (graph.detection.present() ? "a detector" : "a classifier") + ", and " +
                              dataset.name + (dataset.has_boxes() ? " has boxes" : " has no boxes"),
                          "choose the data set it was trained on with --data");
  if (!(dataset.shape == graph.input))
    throw ns::input_error(o.checkpoint + ": its network takes other images than " + dataset.name + " has");
  const auto classes = static_cast<std::size_t>(graph.detection.present() ? graph.detection.classes
                                                                          : graph.infer_shapes().back().c);
  if (classes != dataset.classes.size())
    throw ns::input_error(o.checkpoint + ": its network has " + std::to_string(classes) + " classes, " +
                          dataset.name + " has " + std::to_string(dataset.classes.size()));
  return ns::data::take_first(std::move(dataset), std::min(o.calibration_images, dataset.size()));
}

namespace {

ns::Tensor as_batch(const ns::data::Dataset& dataset) {
  const ns::ImageShape& s = dataset.shape;
  ns::Tensor batch({static_cast<std::int64_t>(dataset.size()), s.h, s.w, s.c});
  ns::data::normalise(dataset.pixels, dataset.normalisation, batch.values());
  return batch;
}

}  // namespace

ns::quant::QuantisedNetwork quantised(const PackOptions& o, ns::nested::Model& model,
                                      const ns::nested::Model* whole, const ns::data::Dataset& dataset) {
  Progress progress("calibrating", "images", progress_mode(o.progress));
  const ns::data::Normalisation& n = dataset.normalisation;
  return ns::quant::quantise(
      model, as_batch(dataset), {n.scale, n.zero_point()},
      [&](std::int64_t done, std::int64_t total) { progress.update(done, total); }, whole);
}
