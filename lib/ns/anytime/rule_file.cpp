#include "ns/anytime/rule_file.h"

#include <numeric>

#include "ns/base/json.h"
#include "ns/base/version.h"

namespace ns::anytime {
namespace {

constexpr const char* kSchema = "nestkit.rule/1";

void require(bool ok, const std::string& place, const std::string& expected) {
  if (!ok) {
    throw input_error(place + ": expected " + expected);
  }
}

std::vector<RuleFile::Stage> read_stages(Fields& fields) {
  std::vector<RuleFile::Stage> stages;
  for (const Json& json : fields.get<std::vector<Json>>("stages")) {
    Fields stage(json, fields.place("stages") + ": stage " + std::to_string(stages.size() + 1));
    stages.push_back({stage.get<std::string>("view"), stage.get<int>("subnet")});
    stage.finish();
  }
  require(!stages.empty() && stages.size() <= 64, fields.place("stages"), "1 to 64 stages");
  return stages;
}

}  // namespace

nlohmann::ordered_json to_json(const RuleFile& file) {
  nlohmann::ordered_json json = {{"schema", kSchema},
                                 {"tool_version", version()},
                                 {"model_sha256", file.model_sha256},
                                 {"aggregate", name(file.scoring.aggregate)},
                                 {"confidence", name(file.scoring.confidence)},
                                 {"min_passes", file.rule.min_passes},
                                 {"max_passes", file.rule.max_passes},
                                 {"thresholds", file.rule.thresholds},
                                 {"weights", file.scoring.weights}};
  json["stages"] = nlohmann::ordered_json::array();
  for (const RuleFile::Stage& stage : file.stages) {
    json["stages"].push_back({{"view", stage.view}, {"subnet", stage.subnet}});
  }
  return json;
}

RuleFile read_rule(const std::string& path) {
  const Json json = read_json(path);
  Fields fields(json, path);
  const auto schema = fields.get<std::string>("schema");
  require(schema == kSchema, fields.place("schema"), std::string(kSchema) + ", found " + schema);
  fields.get<std::string>("tool_version");
  RuleFile file;
  file.model_sha256 = fields.get<std::string>("model_sha256");
  try {
    file.scoring.aggregate = aggregate_of(fields.get<std::string>("aggregate"));
    file.scoring.confidence = confidence_of(fields.get<std::string>("confidence"));
  } catch (const Error& error) {
    throw input_error(path + ": " + error.what(), error.hint());
  }
  file.scoring.weights = fields.get<std::vector<int>>("weights");
  file.rule.min_passes = fields.get<std::size_t>("min_passes");
  file.rule.max_passes = fields.get<std::size_t>("max_passes");
  file.rule.thresholds = fields.get<std::vector<double>>("thresholds");
  file.stages = read_stages(fields);
  fields.finish();

  const std::size_t stages = file.stages.size();
  require(file.rule.max_passes == stages, fields.place("max_passes"),
          std::to_string(stages) + ", one per stage");
  require(file.rule.min_passes >= 1 && file.rule.min_passes <= stages, fields.place("min_passes"),
          "1 to max_passes");
  require(!file.rule.thresholds.empty(), fields.place("thresholds"), "one, or one per class");
  for (const double threshold : file.rule.thresholds) {
    require(threshold >= 0 && threshold <= kNever, fields.place("thresholds"), "values from 0 to 2");
  }
  const bool weighted = file.scoring.aggregate == Aggregate::kWeighted;
  require(file.scoring.weights.size() == (weighted ? stages : 0), fields.place("weights"),
          weighted ? "one per stage" : "none for this aggregate");
  for (const int weight : file.scoring.weights) {
    require(weight >= 1 && weight <= kWeightUnits, fields.place("weights"), "1 to 4096");
  }
  require(std::accumulate(file.scoring.weights.begin(), file.scoring.weights.end(), 0) <= kWeightUnits,
          fields.place("weights"), "a sum of at most 4096");
  return file;
}

}  // namespace ns::anytime
