// Walks a graph in order and works out the shapes. Private to this room.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "ns/nn/graph.h"

namespace ns::nn {

/// Every impossibility is an Error(kInput) that names the graph and the layers.
class ShapeInference {
 public:
  /// The graph outlives the inference; its layers may still change until they are added.
  explicit ShapeInference(const Graph& graph);

  /// The shape of input number k of `layer`, which must have been added before.
  ImageShape input_shape(const Layer& layer, std::size_t k) const;
  /// Appends the shape of the next layer.
  void add(const Layer& layer);
  /// Call after the last layer: everything but the outputs must have a reader, and these must exist.
  void finish() const;

  const std::vector<ImageShape>& shapes() const { return shapes_; }

 private:
  ImageShape shape_of(const Layer& layer) const;
  ImageShape concatenated(const Layer& layer) const;
  void check_binary_input(const Layer& layer, const ImageShape& in) const;
  ImageShape window_shape(const Layer& layer, const ImageShape& in, int channels) const;
  int added(const Layer& layer, const std::string& name) const;
  void require(bool condition, const std::string& message, const std::string& hint = {}) const;

  const Graph& graph_;
  std::vector<ImageShape> shapes_;
  std::vector<std::string> names_;
  std::vector<int> readers_;
  std::unordered_map<std::string, int> index_;
};

}  // namespace ns::nn
