// What a recipe means for a data set: the split and the network.
#include <limits>

#include "ns/arch/registry.h"
#include "ns/train/trainer.h"

namespace ns::train {

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
  if (!recipe.graph.empty()) {
    nn::Graph graph = nn::graph_from_json(read_json(recipe.graph));
    const ImageShape output = graph.infer_shapes().back();
    if (graph.input != dataset.shape || output != ImageShape{1, 1, classes}) {
      const auto text = [](const ImageShape& s) {
        return std::to_string(s.h) + "x" + std::to_string(s.w) + "x" + std::to_string(s.c);
      };
      throw usage_error(recipe.graph + ": maps " + text(graph.input) + " to " + text(output) + ", but " +
                        dataset.name + " needs " + text(dataset.shape) + " to " + text({1, 1, classes}));
    }
    return graph;
  }
  return arch::build(recipe.arch, dataset.shape, classes, recipe.width);
}

}  // namespace ns::train
