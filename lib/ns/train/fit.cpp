#include "ns/train/fit.h"

#include "ns/base/error.h"

namespace ns::train {

void require_fits(const nn::Graph& graph, const data::Dataset& dataset, const std::string& who) {
  const auto text = [](const ImageShape& s) {
    return std::to_string(s.h) + "x" + std::to_string(s.w) + "x" + std::to_string(s.c);
  };
  const std::string hint = "choose the data set that it was trained on";
  const bool detects = graph.detection.present();
  if (detects != dataset.has_boxes()) {
    throw input_error(who + (detects ? ": is a detector, and " : ": is a classifier, and ") + dataset.name +
                          (detects ? " has no boxes" : " has boxes"),
                      hint);
  }
  if (graph.input != dataset.shape) {
    throw input_error(
        who + ": takes images of " + text(graph.input) + ", " + dataset.name + " has " + text(dataset.shape),
        hint);
  }
  const int classes = detects ? graph.detection.classes : graph.infer_shapes().back().c;
  if (classes != static_cast<int>(dataset.classes.size())) {
    throw input_error(who + ": has " + std::to_string(classes) + " classes, " + dataset.name + " has " +
                          std::to_string(dataset.classes.size()),
                      hint);
  }
}

}  // namespace ns::train
