#include "pack/calibration.h"

#include <algorithm>

#include "common/log.h"
#include "common/progress.h"
#include "ns/base/error.h"
#include "ns/data/catalog.h"
#include "ns/data/split.h"
#include "ns/train/fit.h"

ns::data::Dataset calibration_set(const PackOptions& o, const ns::nn::Graph& graph) {
  ns::data::Dataset dataset =
      ns::data::load_dataset(o.data.data, o.data.data_dir, ns::data::Part::kTrain,
                             graph.detection.present() ? graph.input : ns::ImageShape{});
  for (const std::string& warning : dataset.warnings) log_warning("{}", warning);
  ns::train::require_fits(graph, dataset, o.checkpoint);
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
