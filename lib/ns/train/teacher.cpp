#include "ns/train/teacher.h"

#include "ns/base/error.h"

namespace ns::train {

Teacher::Teacher(const checkpoint::Archive& archive, std::string sha256, const data::Dataset& dataset)
    : model_(nested::model_of(archive)), sha256_(std::move(sha256)) {
  const nn::Graph& graph = model_.network().graph();
  if (graph.input != dataset.shape) {
    throw input_error(archive.origin + ": the teacher takes other images than " + dataset.name + " has");
  }
  const nn::ImageShape scores = graph.infer_shapes().back();
  const auto classes = static_cast<int>(dataset.classes.size());
  if (graph.layers.back().op != nn::Op::kLinear || scores.c != classes) {
    throw input_error(archive.origin + ": the teacher has " + std::to_string(scores.c) + " outputs, " +
                      dataset.name + " has " + std::to_string(classes) + " classes");
  }
  model_.select(model_.subnets());
}

}  // namespace ns::train
