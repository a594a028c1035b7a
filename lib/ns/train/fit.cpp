#include "ns/train/fit.h"

#include "ns/base/error.h"

namespace ns::train {

std::string text_of(const ImageShape& shape) {
  return std::to_string(shape.h) + "x" + std::to_string(shape.w) + "x" + std::to_string(shape.c);
}

void require_fits(const nn::Graph& graph, const data::Dataset& dataset, const std::string& who) {
  const std::string hint = "choose the data set that it was trained on";
  const bool detects = graph.detection.present();
  if (detects != dataset.has_boxes()) {
    throw input_error(who + (detects ? ": is a detector, and " : ": is a classifier, and ") + dataset.name +
                          (detects ? " has no boxes" : " has boxes"),
                      hint);
  }
  if (graph.input != dataset.shape) {
    throw input_error(who + ": takes images of " + text_of(graph.input) + ", " + dataset.name + " has " +
                          text_of(dataset.shape),
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
