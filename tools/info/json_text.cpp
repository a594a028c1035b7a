#include <map>

#include "info/artifact.h"
#include "ns/anytime/rule_file.h"
#include "ns/base/error.h"
#include "ns/base/json.h"
#include "ns/base/mapped_file.h"
#ifdef NESTKIT_TRAINING
#include "ns/nn/graph.h"
#include "ns/report/table.h"
#include "ns/train/recipe.h"
#endif

namespace {

std::string schema_of(const ns::Json& value) {
  const auto found = value.find("schema");
  return found != value.end() && found->is_string() ? found->get<std::string>() : "";
}

bool is_json(std::string_view text) {
  try {
    ns::parse_json(text, "");
    return true;
  } catch (const ns::Error&) {
    return false;
  }
}

// The schema of a result.
std::string schema_of_record(const ns::Json& record, const std::string& where) {
  std::string schema = record.is_object() ? schema_of(record) : "";
  if (schema.rfind("nestkit.", 0) != 0)
    throw ns::input_error(where + ": expected a record with a nestkit schema");
  return schema;
}

// How many records of which schema.
Artifact results(const std::string& path, const std::map<std::string, int>& counts) {
  Artifact artifact{{{"kind", "results"}, {"records", counts}}, path + ": results\n"};
  for (const auto& [schema, count] : counts)
    artifact.text += "  " + std::to_string(count) + " records " + schema + "\n";
  return artifact;
}

// JSON Lines.
Artifact read_results(const std::string& path, std::string_view text) {
  std::map<std::string, int> counts;
  int number = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    ++number;
    const std::string where = path + ": line " + std::to_string(number);
    ++counts[schema_of_record(ns::parse_json(text.substr(start, end - start), where), where)];
    start = end + 1;
  }
  return results(path, counts);
}

// What ns-info knows by name only, as it stands.
Artifact as_it_is(const std::string& path, const char* kind, const std::string& title, const ns::Json& json) {
  return {{{"kind", kind}, {kind, json}}, path + ": " + title + "\n" + json.dump(2) + "\n"};
}

#ifdef NESTKIT_TRAINING
Artifact read_graph(const std::string& path, const ns::Json& json) {
  const ns::nn::Graph graph = ns::nn::graph_from_json(json, path);
  const auto shapes = graph.infer_shapes();
  ns::report::Table table({{"layer", ns::report::Table::Align::kLeft}, {"output (h x w x c)"}, {"MACs"}});
  std::int64_t total = 0;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    table.row(
        {graph.layers[i].name,
         std::to_string(shapes[i].h) + "x" + std::to_string(shapes[i].w) + "x" + std::to_string(shapes[i].c),
         ns::report::grouped(graph.macs(i))});
    total += graph.macs(i);
  }
  return {{{"kind", "network"}, {"name", graph.name}, {"layers", graph.layers.size()}, {"macs", total}},
          path + ": network " + graph.name + ", " + ns::report::grouped(total) + " MACs\n\n" + table.text()};
}

Artifact read_recipe(const std::string& path, const ns::Json& json) {
  nlohmann::ordered_json recipe;
  try {
    recipe = ns::train::to_json(ns::train::recipe_from_json(json, path));
  } catch (const ns::Error& error) {
    throw ns::input_error(error.what(),
                          error.hint());  // here the recipe is an artifact, not our configuration
  }
  return {{{"kind", "recipe"}, {"config", recipe}},
          path + ": training recipe, complete with its defaults\n" + recipe.dump(2) + "\n"};
}
#endif

}  // namespace

Artifact read_json_artifact(const std::string& path) {
  const ns::MappedFile file(path);
  ns::Json whole;
  try {
    whole = ns::parse_json(file.text(), path);
  } catch (const ns::Error&) {
    // Several objects, one per line, or one that is broken.
    if (!is_json(file.text().substr(0, file.text().find('\n')))) throw;
    return read_results(path, file.text());
  }
  const std::string schema = schema_of(whole);
#ifdef NESTKIT_TRAINING
  if (schema == "nestkit.graph/1") return read_graph(path, whole);
  if (schema.empty()) return read_recipe(path, whole);
#endif
  if (schema == "nestkit.rule/1") {
    ns::anytime::read_rule(path);  // throws what is wrong with it
    return as_it_is(path, "rule", "calibrated stopping rule", whole);
  }
  if (schema == "nestkit.policy/1") return as_it_is(path, "policy", "views for tta-eval --policy", whole);
  return results(path, {{schema_of_record(whole, path), 1}});
}
