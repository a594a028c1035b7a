#include "ns/train/teacher.h"

#include "ns/base/error.h"
#include "ns/train/fit.h"

namespace ns::train {

Teacher::Teacher(const checkpoint::Archive& archive, std::string sha256, const data::Dataset& dataset)
    : model_(nested::model_of(archive)), sha256_(std::move(sha256)) {
  const nn::Graph& graph = model_.network().graph();
  require_fits(graph, dataset, archive.origin);
  if (graph.layers.back().op != nn::Op::kLinear) {
    throw input_error(archive.origin + ": does not end in one score per class, so it cannot teach");
  }
  model_.select(model_.subnets());
}

}  // namespace ns::train
