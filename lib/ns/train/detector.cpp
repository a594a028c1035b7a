#include "ns/train/detector.h"

#include <algorithm>

#include "ns/data/loader.h"

namespace ns::train {
namespace {

void append(const Tensor& output, std::int64_t image, std::vector<float>& values) {
  const std::int64_t size = output.size() / output.shape()[0];
  const float* first = output.data() + image * size;
  values.insert(values.end(), first, first + size);
}

}  // namespace

std::vector<detect::Box> default_boxes_of(const nn::Graph& graph) {
  const std::vector<nn::ImageShape> shapes = graph.infer_shapes();
  std::vector<detect::Grid> grids;
  for (const nn::DetectionHead::Scale& scale : graph.detection.scales) {
    const nn::ImageShape& shape = shapes[static_cast<std::size_t>(graph.index_of(scale.scores))];
    grids.push_back({shape.h, shape.w, scale.sizes});
  }
  return detect::default_boxes(grids);
}

HeadOutputs head_outputs(const nn::Network& network, std::int64_t image) {
  HeadOutputs outputs;
  for (std::size_t scale = 0; scale < network.graph().detection.scales.size(); ++scale) {
    append(network.output(2 * scale), image, outputs.scores);
    append(network.output(2 * scale + 1), image, outputs.codes);
  }
  return outputs;
}

std::vector<detect::Detection> detections(nested::Model& model, int subnet, const data::Dataset& dataset,
                                          const detect::DecodeOptions& options) {
  constexpr std::size_t kBatch = 50;
  const nn::Graph& graph = model.network().graph();
  const std::vector<detect::Box> default_boxes = default_boxes_of(graph);
  model.select(subnet);
  std::vector<detect::Detection> all;
  data::Batch batch;
  for (std::size_t first = 0; first < dataset.size(); first += kBatch) {
    data::evaluation_batch(dataset, first, kBatch, batch);
    model.network().forward(batch.x, nn::Mode::kEval);
    for (std::int64_t i = 0; i < batch.x.shape()[0]; ++i) {
      const HeadOutputs outputs = head_outputs(model.network(), i);
      std::ranges::copy(
          detect::decode_image(outputs.scores, outputs.codes, default_boxes, graph.detection.classes,
                               static_cast<int>(first) + static_cast<int>(i), options),
          std::back_inserter(all));
    }
  }
  return all;
}

double mean_average_precision(nested::Model& model, int subnet, const data::Dataset& dataset) {
  return metrics::mean_average_precision(detections(model, subnet, dataset), dataset.truths,
                                         static_cast<int>(dataset.classes.size()))
      .mean;
}

}  // namespace ns::train
