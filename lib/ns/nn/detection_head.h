// Which outputs of a graph are a detector's class scores and boxes, and the default boxes they speak about.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ns/tensor/image_shape.h"

namespace ns::nn {

/// A single-shot detector's head (Liu et al., "SSD: Single Shot MultiBox Detector", 2016): on each of some
/// grids every cell has default boxes, for each of which one layer gives class scores and one an offset.
struct DetectionHead {
  struct Scale {
    std::string scores;  ///< layer of A·(classes + 1) channels: for box a those from a·(classes + 1) on, the
                         ///< background's first
    std::string boxes;                        ///< layer of 4·A channels: for box a dx, dy, dw, dh
    std::vector<std::array<float, 2>> sizes;  ///< A default boxes, w and h as fractions of the input's
    bool operator==(const Scale&) const = default;
  };
  int classes = 0;            ///< without the background; 0: the graph is no detector
  std::vector<Scale> scales;  ///< at least one, in the order of the graph's outputs
  bool present() const { return classes > 0; }
  bool operator==(const DetectionHead&) const = default;
};

struct Graph;

/// Throws Error(kInput) unless the graph's outputs are the head's layers, in the order scores, boxes, scores,
/// boxes …, of channels that fit `classes` and the number of sizes, on one grid per scale, and every size
/// lies in (0, 1]. `shapes` are those of all layers.
void check_detection_head(const Graph& graph, const std::vector<ImageShape>& shapes);

/// {"classes", "scales": [{"scores", "boxes", "sizes": [[w, h], …]}, …]}; errors begin with `where`.
DetectionHead detection_head_from_json(const nlohmann::json& json, const std::string& where);
nlohmann::json to_json(const DetectionHead& head);

}  // namespace ns::nn
