#include "ns/nn/detection_head.h"

#include "ns/base/json.h"
#include "ns/nn/graph.h"

namespace ns::nn {
namespace {

constexpr int kMostClasses = 254;  // with the background they are a byte

}  // namespace

void check_detection_head(const Graph& graph, const std::vector<ImageShape>& shapes) {
  const DetectionHead& head = graph.detection;
  const auto refuse = [&](const std::string& message) {
    throw input_error("graph '" + graph.name + "': \"detection\": " + message);
  };
  if (head.classes < 1 || head.classes > kMostClasses) {
    refuse("expected 1 to " + std::to_string(kMostClasses) + " classes, found " +
           std::to_string(head.classes));
  }
  if (head.scales.empty()) {
    refuse("needs at least one scale");
  }
  std::vector<std::string> layers;
  for (const DetectionHead::Scale& scale : head.scales) {
    const int boxes = static_cast<int>(scale.sizes.size());
    if (boxes == 0) {
      refuse("the scale of '" + scale.scores + "' has no sizes of default boxes");
    }
    for (const auto& [w, h] : scale.sizes) {
      if (!(w > 0 && w <= 1 && h > 0 && h <= 1)) {
        refuse("the scale of '" + scale.scores + "' has a default box of " + canonical_dump(w) + " x " +
               canonical_dump(h) + ", expected fractions of the input above 0 and up to 1");
      }
    }
    const auto check_channels = [&](const std::string& layer, int per_box) {
      const ImageShape& shape = shapes[static_cast<std::size_t>(graph.index_of(layer))];
      if (shape.c != boxes * per_box) {
        refuse("layer '" + layer + "' has " + std::to_string(shape.c) + " channels, expected " +
               std::to_string(boxes) + " default boxes x " + std::to_string(per_box) + " = " +
               std::to_string(boxes * per_box));
      }
      layers.push_back(layer);
      return shape;
    };
    const ImageShape scores = check_channels(scale.scores, head.classes + 1);
    const ImageShape offsets = check_channels(scale.boxes, 4);
    if (scores.h != offsets.h || scores.w != offsets.w) {
      refuse("layers '" + scale.scores + "' and '" + scale.boxes + "' are not of equal height and width");
    }
  }
  if (layers != graph.outputs) {
    refuse(
        "\"outputs\" must be the layers of the scales in the order scores, boxes, scores, boxes, and no "
        "others");
  }
}

DetectionHead detection_head_from_json(const Json& json, const std::string& where) {
  DetectionHead head;
  Fields fields(json, where);
  head.classes = fields.get<int>("classes");
  const auto scales = fields.get<std::vector<Json>>("scales");
  fields.finish();
  for (std::size_t i = 0; i < scales.size(); ++i) {
    Fields of_scale(scales[i], where + ": scale " + std::to_string(i));
    DetectionHead::Scale scale;
    scale.scores = of_scale.get<std::string>("scores");
    scale.boxes = of_scale.get<std::string>("boxes");
    for (const auto& size : of_scale.get<std::vector<std::vector<float>>>("sizes")) {
      if (size.size() != 2) {
        throw input_error(of_scale.place("sizes") + ": expected [w, h], found " + canonical_dump(size));
      }
      scale.sizes.push_back({size[0], size[1]});
    }
    of_scale.finish();
    head.scales.push_back(std::move(scale));
  }
  return head;
}

Json to_json(const DetectionHead& head) {
  Json scales = Json::array();
  for (const DetectionHead::Scale& scale : head.scales) {
    scales.push_back({{"scores", scale.scores}, {"boxes", scale.boxes}, {"sizes", scale.sizes}});
  }
  return {{"classes", head.classes}, {"scales", std::move(scales)}};
}

}  // namespace ns::nn
