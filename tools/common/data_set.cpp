#include "common/data_set.h"

#include <algorithm>

#include "ns/base/error.h"
#include "ns/checkpoint/profile.h"
#include "ns/checkpoint/training_data.h"
#include "ns/data/catalog.h"
#include "ns/deploy/packed_description.h"

namespace {

/// Empty if the model does not say.
std::string trained_on(const std::string& model) {
  const std::string config = ns::deploy::is_packed_model(model)
                                 ? describe(ns::deploy::PackedModel(model)).config
                                 : ns::checkpoint::profile_of(ns::checkpoint::read_safetensors(model)).config;
  const std::string name = ns::checkpoint::training_data(config, model).dataset;
  const std::vector<std::string> known = ns::data::dataset_names();
  if (!name.empty() && std::find(known.begin(), known.end(), name) == known.end())
    throw ns::input_error(model + ": config: was trained on \"" + name + "\", which is no known data set",
                          "choose one with --data");
  return name;
}

}  // namespace

void choose_data_set(DataOptions& options, const std::vector<std::string>& models) {
  if (!options.data.empty()) return;
  std::string by;
  for (const std::string& model : models) {
    const std::string name = trained_on(model);
    if (!options.data.empty() && !name.empty() && name != options.data)
      throw ns::usage_error(by + " was trained on " + options.data + ", " + model + " on " + name,
                            "choose one with --data");
    if (options.data.empty() && !name.empty()) {
      options.data = name;
      by = model;
    }
  }
  if (options.data.empty()) options.data = "fashion_mnist";
}
