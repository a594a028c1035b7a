// What a recipe means for a data set: the split and the network.
#include <algorithm>

#include "ns/arch/registry.h"
#include "ns/binary/tentacle.h"
#include "ns/data/catalog.h"
#include "ns/nested/gates.h"
#include "ns/train/fit.h"
#include "ns/train/trainer.h"

namespace ns::train {

data::Dataset dataset_for(const Recipe& recipe, data::Part part) {
  return data::load_dataset(recipe.dataset, recipe.data_dir, part,
                            {recipe.image_size, recipe.image_size, recipe.image_channels});
}

data::Split split_for(const Recipe& recipe, data::Dataset training_set) {
  data::Split split;
  if (recipe.validation_images > 0) {
    split = data::hold_out_last(std::move(training_set), static_cast<std::size_t>(recipe.validation_images));
  } else {
    split.train = std::move(training_set);
  }
  if (recipe.train_images > 0) {
    split.train = data::take_first(std::move(split.train), static_cast<std::size_t>(recipe.train_images));
  }
  return split;
}

nn::Graph graph_for(const Recipe& recipe, const data::Dataset& dataset) {
  const auto classes = static_cast<int>(dataset.classes.size());
  const arch::BinaryStyle style{
      recipe.activation_bits,
      recipe.estimator == "clipped" ? nn::Estimator::kClipped : nn::Estimator::kPolynomial,
      recipe.activation_shift, recipe.shortcuts, recipe.weight_scaling};
  nn::Graph graph = recipe.graph.empty()
                        ? arch::build(recipe.arch, dataset.shape, classes, recipe.width, style)
                        : nn::graph_from_json(read_json(recipe.graph), recipe.graph);
  const std::string& name = recipe.graph.empty() ? recipe.arch : recipe.graph;
  graph.infer_shapes();
  if (graph.input != dataset.shape) {
    throw usage_error(name + ": takes images of " + text_of(graph.input) + ", but those of " + dataset.name +
                      " are " + text_of(dataset.shape));
  }
  const bool has_binary = std::any_of(graph.layers.begin(), graph.layers.end(), [](const nn::Layer& layer) {
    return layer.op == nn::Op::kSign || layer.op == nn::Op::kBinaryConv;
  });
  if (recipe.first_stage != "none" && !has_binary) {
    throw usage_error(name + ": has no binary layers, so \"first_stage\" " + recipe.first_stage +
                      " would change nothing");
  }
  if (recipe.detection()) {
    if (graph.detection.classes != classes) {
      throw usage_error(name + ": " + dataset.name + " has boxes of " + std::to_string(classes) +
                            " classes, but this network " +
                            (graph.detection.present() ? "detects " + std::to_string(graph.detection.classes)
                                                       : "is no detector"),
                        "\"arch\": ssd_resnet8 or ssd_mobilenet_v2, or a graph with \"detection\"");
    }
    return graph;
  }
  const nn::Layer& last = graph.layers.back();
  if (graph.detection.present() || last.op != nn::Op::kLinear || last.filters != classes) {
    throw usage_error(name + ": layer " + last.name + " must be a linear one with a score for each of the " +
                      std::to_string(classes) + " classes of " + dataset.name);
  }
  if (recipe.tentacle()) {
    const std::string split = recipe.split.empty() ? binary::default_split(graph) : recipe.split;
    return binary::tentacle(graph, {recipe.members, split, binary::merge_of(recipe.merge)});
  }
  return recipe.gated()
             ? nested::with_gates(graph, {recipe.gate_ratios, recipe.dense_layers, recipe.saliency_penalty})
             : graph;
}

}  // namespace ns::train
