#include "train/evaluate.h"

#include "common/exit_code.h"
#include "common/log.h"
#include "common/streams.h"
#include "ns/base/sha256.h"
#include "ns/checkpoint/profile.h"
#include "ns/report/table.h"
#include "ns/train/evaluation.h"
#include "ns/train/trainer.h"

namespace {

using ns::report::percent;
using ns::report::Table;

// What makes the subnets differ.
std::pair<const char*, double> share_of(const ns::train::SubnetEvaluation& result) {
  if (result.width > 0) return {"width", result.width};
  if (result.gate_ratio > 0) return {"gate ratio", result.gate_ratio};
  return {"sparsity", result.sparsity};
}

std::string table_of(const std::vector<ns::train::SubnetEvaluation>& results, const ns::data::Dataset& test) {
  std::vector<Table::Column> columns{{"subnet"}, {share_of(results.front()).first}};
  if (test.has_boxes()) {
    for (const char* title : {"mAP", "VOC 11-point", "COCO"}) columns.push_back({title});
    for (const std::string& name : test.classes) columns.push_back({name});
  } else {
    columns.push_back({"accuracy"});
  }
  Table table(columns);
  for (const ns::train::SubnetEvaluation& result : results) {
    std::vector<std::string> cells{std::to_string(result.subnet), percent(share_of(result).second, 0)};
    if (test.has_boxes()) {
      for (const double map : {result.map, result.map_voc11, result.map_coco}) cells.push_back(percent(map));
      for (const double precision : result.per_class) cells.push_back(percent(precision));
    } else {
      cells.push_back(percent(result.accuracy));
    }
    table.row(std::move(cells));
  }
  return table.text();
}

}  // namespace

int evaluate_checkpoint(const std::string& checkpoint, const ns::train::Recipe& recipe, bool json) {
  const ns::checkpoint::Archive archive = ns::checkpoint::read_safetensors(checkpoint);
  const ns::data::Dataset test = dataset_for(recipe, ns::data::Part::kTest);
  for (const std::string& warning : test.warnings) log_warning("{}: {}", recipe.dataset, warning);
  ns::nn::use_threads(recipe.threads);
  const std::vector<ns::train::SubnetEvaluation> results = ns::train::evaluate(archive, test);
  if (!json) {
    standard_output().write(table_of(results, test));
    return kDone;
  }
  for (const ns::train::SubnetEvaluation& result : results) {
    ns::Json record = to_json(result, test);
    record["artifact_sha256"] = ns::sha256_hex_of_file(checkpoint);
    record["seed"] = ns::checkpoint::profile_of(archive).seed;
    standard_output().line(ns::canonical_dump(record));
  }
  return kDone;
}
