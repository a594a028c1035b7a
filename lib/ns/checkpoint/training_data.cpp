#include "ns/checkpoint/training_data.h"

#include "ns/base/json.h"

namespace ns::checkpoint {
namespace {

TrainingData read(const Json& config, const std::string& where) {
  Fields fields(config, where);
  TrainingData data{fields.get<std::string>("dataset", {}), fields.get<int>("validation_images", -1)};
  const auto models = fields.get<std::vector<Json>>("models", {});
  for (std::size_t i = 0; i < models.size() && data.dataset.empty(); ++i)
    data.dataset = read(models[i], fields.place("models") + "[" + std::to_string(i) + "]").dataset;
  return data;
}

}  // namespace

TrainingData training_data(std::string_view config, const std::string& origin) {
  const std::string where = origin + ": config";
  return read(parse_json(config, where), where);
}

}  // namespace ns::checkpoint
