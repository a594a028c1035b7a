#include "ns/train/recipe.h"

#include <algorithm>
#include <initializer_list>

#include "ns/arch/registry.h"
#include "ns/base/nearest.h"
#include "ns/data/catalog.h"
#include "ns/nested/allocation.h"
#include "ns/nested/assign_levels.h"
#include "ns/nested/gates.h"
#include "ns/nested/widths.h"
#include "ns/train/recipe_fields.h"

namespace ns::train {
namespace {

using Words = std::initializer_list<const char*>;

std::string text_of(double number) {
  std::string text = canonical_dump(number);
  return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

class Reader {
 public:
  Reader(const Json& json, const std::string& origin) : fields_(json, origin, ErrorKind::kUsage) {
    fields_.find("$schema");
  }
  void text(const char* key, std::string& value, const char*) { value = fields_.get(key, value); }
  void flag(const char* key, bool& value, const char*) { value = fields_.get(key, value); }
  void word(const char* key, std::string& value, Words allowed, const char*) {
    value = fields_.get(key, value);
    const std::vector<std::string> words(allowed.begin(), allowed.end());
    if (std::find(words.begin(), words.end(), value) == words.end()) {
      std::string list;
      for (const std::string& word : words) {
        list += (list.empty() ? "" : ", ") + word;
      }
      throw usage_error(fields_.place(key) + ": expected one of " + list + ", found \"" + value + "\"",
                        nearest_hint(value, words));
    }
  }
  template <class T>
  void integer(const char* key, T& value, Range range, const char*) {
    value = fields_.get(key, value);
    check(key, static_cast<double>(value), range);
  }
  void number(const char* key, double& value, Range range, const char*) {
    value = fields_.get(key, value);
    check(key, value, range);
  }
  // Order and number are judged later, where nested::check_sparsities and its like say why.
  void numbers(const char* key, std::vector<double>& value, Range range, int, const char*) {
    value = fields_.get(key, value);
    for (const double item : value) {
      check(key, item, range);
    }
  }
  void words(const char* key, std::vector<std::string>& value, const char*) {
    value = fields_.get(key, value);
  }
  void finish() const { fields_.finish(); }

 private:
  void check(const char* key, double value, Range range) const {
    const bool low = range.low_excluded ? value > range.low : value >= range.low;
    const bool high = range.high_excluded ? value < range.high : value <= range.high;
    if (!low || !high) {
      throw usage_error(fields_.place(key) + ": expected " + (range.low_excluded ? "more than " : "from ") +
                        text_of(range.low) + (range.high_excluded ? " to below " : " to ") +
                        text_of(range.high) + ", found " + text_of(value));
    }
  }
  Fields fields_;
};

class Writer {
 public:
  nlohmann::ordered_json json = nlohmann::ordered_json::object();

  template <class T, class... Rest>
  void put(const char* key, const T& value) {
    json[key] = value;
  }
  void text(const char* key, const std::string& value, const char*) { put(key, value); }
  void flag(const char* key, bool value, const char*) { put(key, value); }
  void word(const char* key, const std::string& value, Words, const char*) { put(key, value); }
  template <class T>
  void integer(const char* key, T value, Range, const char*) {
    put(key, value);
  }
  void number(const char* key, double value, Range, const char*) { put(key, value); }
  void numbers(const char* key, const std::vector<double>& value, Range, int, const char*) {
    put(key, value);
  }
  void words(const char* key, const std::vector<std::string>& value, const char*) { put(key, value); }
};

template <class Refuse>
void check_milestones(const Recipe& recipe, const Refuse& refuse) {
  const std::vector<double>& epochs = recipe.milestones;
  if (recipe.schedule == "multi_step" && epochs.empty()) {
    refuse("schedule multi_step needs \"milestones\"", "e.g. \"milestones\": [15, 22]");
  }
  if (recipe.schedule != "multi_step" && !epochs.empty()) {
    refuse("\"milestones\" are for \"schedule\" multi_step, found " + recipe.schedule);
  }
  if (!epochs.empty() && epochs.back() >= recipe.epochs) {
    refuse("\"milestones\": expected epochs before the last, " + std::to_string(recipe.epochs) + ", found " +
           canonical_dump(epochs));
  }
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    if (i > 0 && epochs[i] <= epochs[i - 1]) {
      refuse("\"milestones\": expected increasing epochs, found " + canonical_dump(epochs));
    }
  }
}

template <class Refuse>
void check_ensemble(const Recipe& recipe, const Refuse& refuse) {
  if (recipe.ensemble == "none") {
    if (recipe.members != 1) {
      refuse("\"members\" is " + std::to_string(recipe.members) + ", but \"ensemble\" is none",
             "\"ensemble\": tentacle, bagging or boosting");
    }
  } else if (recipe.method != "dense") {
    refuse("\"ensemble\" " + recipe.ensemble + " needs \"method\" dense, found " + recipe.method);
  }
  if (!recipe.tentacle() && !recipe.split.empty()) {
    refuse("\"split\" is for \"ensemble\" tentacle, found " + recipe.ensemble);
  }
  if (recipe.diversity > 0 && !(recipe.tentacle() && recipe.members > 1)) {
    refuse("\"diversity\" needs \"ensemble\" tentacle of two or more members");
  }
  if ((recipe.first_stage == "none") != (recipe.first_stage_epochs == 0)) {
    refuse("\"first_stage\" " + recipe.first_stage + " does not go with " +
               std::to_string(recipe.first_stage_epochs) + " \"first_stage_epochs\"",
           "give both, or neither");
  }
  if (recipe.first_stage_epochs >= recipe.epochs) {
    refuse("\"first_stage_epochs\" is " + std::to_string(recipe.first_stage_epochs) +
           ", which leaves nothing of " + std::to_string(recipe.epochs) + " epochs");
  }
}

// What is of no use to the network is refused, not ignored.
template <class Refuse>
void check_use(const Recipe& recipe, const Refuse& refuse) {
  const std::vector<std::string> binary = arch::binary_names();
  const Recipe usual;
  const bool styled = recipe.activation_bits != usual.activation_bits ||
                      recipe.estimator != usual.estimator || recipe.activation_shift || recipe.shortcuts ||
                      !recipe.weight_scaling;
  if (styled && std::find(binary.begin(), binary.end(), recipe.arch) == binary.end()) {
    refuse(
        "\"activation_bits\", \"estimator\", \"activation_shift\", \"shortcuts\" and \"weight_scaling\" are "
        "for "
        "a binary \"arch\", found " +
            (recipe.arch.empty() ? "a \"graph\"" : recipe.arch),
        recipe.arch.empty() ? "the graph's sign layers say it themselves" : "e.g. \"arch\": nin_binary");
  }
  if (recipe.merge != usual.merge && !recipe.tentacle()) {
    refuse("\"merge\" is for \"ensemble\" tentacle, found " + recipe.ensemble);
  }
  if (recipe.batch_norm != usual.batch_norm && !recipe.nested()) {
    refuse("\"batch_norm\" " + recipe.batch_norm + " is for \"method\" nested, found " + recipe.method);
  }
  if (recipe.cost_budget != usual.cost_budget &&
      !nested::has_budget(nested::allocation_from_name(recipe.allocation))) {
    refuse("\"cost_budget\" is for \"allocation\" cost and flash, found " + recipe.allocation);
  }
}

// What is of no use to the task is refused, not ignored.
template <class Refuse>
void check_task(const Recipe& recipe, const Refuse& refuse) {
  if (!recipe.detection()) {
    const bool used = recipe.image_size != 0 || recipe.image_channels != 0 || recipe.vertical_flip ||
                      recipe.smallest_window != 1 || recipe.largest_window != 1 || recipe.colour_jitter != 0;
    if (used) {
      refuse(
          "\"image_size\", \"image_channels\", \"vertical_flip\", \"smallest_window\", \"largest_window\" "
          "and \"colour_jitter\" are for detection, but " +
          recipe.dataset + " has no boxes");
    }
    return;
  }
  const auto need = [&](bool ok, const std::string& what) {
    if (!ok) refuse("detection (" + recipe.dataset + ") needs " + what);
  };
  need(recipe.method == "dense" || recipe.method == "nested", "\"method\" dense or nested");
  need(recipe.ensemble == "none", "\"ensemble\" none");
  need(recipe.crop_padding == 0, "\"crop_padding\" 0: \"smallest_window\" crops");
  need(recipe.label_smoothing == 0, "\"label_smoothing\" 0");
  need(recipe.distillation_weight == 0, "\"distillation_weight\" 0");
  need(recipe.image_channels != 2, "\"image_channels\" 1 or 3");
}

void check_consistency(const Recipe& recipe, const std::string& origin) {
  const auto refuse = [&](const std::string& message, const std::string& hint = {}) {
    throw usage_error(origin + ": " + message, hint);
  };
  if (recipe.arch.empty() == recipe.graph.empty()) {
    refuse("exactly one of \"arch\" and \"graph\" must be given",
           recipe.graph.empty() ? "" : "with \"graph\", set \"arch\" to \"\"");
  }
  if (recipe.warmup_epochs > recipe.epochs) {
    refuse("\"warmup_epochs\" is " + std::to_string(recipe.warmup_epochs) + ", but there are only " +
           std::to_string(recipe.epochs) + " epochs");
  }
  check_task(recipe, refuse);
  check_use(recipe, refuse);
  check_milestones(recipe, refuse);
  check_ensemble(recipe, refuse);
  if (recipe.betas.size() != 2) {
    refuse("\"betas\": expected two numbers, found " + canonical_dump(recipe.betas));
  }
  try {
    if (recipe.nested()) {
      nested::check_sparsities(recipe.sparsities);
    } else if (recipe.slimmable()) {
      nested::check_widths(recipe.widths);
    } else if (recipe.gated()) {
      nested::check_gate_ratios(recipe.gate_ratios);
    }
  } catch (const Error& error) {
    refuse(error.what(), error.hint());
  }
  if (!recipe.loss_weights.empty() &&
      (std::ssize(recipe.loss_weights) != recipe.subnets() || recipe.subnets() == 1)) {
    refuse("\"loss_weights\": expected one for each of " + std::to_string(recipe.subnets()) +
           (recipe.subnets() == 1 ? " subnet, so none" : " subnets") + ", found " +
           canonical_dump(recipe.loss_weights));
  }
  if (!recipe.nested()) {
    return;
  }
  if (recipe.prune_start_epoch > recipe.prune_end_epoch || recipe.prune_end_epoch >= recipe.epochs) {
    refuse("pruning from epoch " + std::to_string(recipe.prune_start_epoch) + " to " +
               std::to_string(recipe.prune_end_epoch) + " does not fit into " +
               std::to_string(recipe.epochs) + " epochs",
           "prune_start_epoch <= prune_end_epoch < epochs");
  }
}

}  // namespace

bool Recipe::detection() const {
  return data::is_detection_set(dataset);
}

int block_width(const std::string& block) {
  if (block == "1x1" || block == "1x2" || block == "1x4") {
    return block[2] - '0';
  }
  throw usage_error("block \"" + block + "\": expected 1x1, 1x2 or 1x4");
}

Recipe recipe_from_json(const Json& json, const std::string& origin) {
  Recipe recipe;
  Reader reader(json, origin);
  visit_fields(recipe, reader);
  reader.finish();
  check_consistency(recipe, origin);
  return recipe;
}

nlohmann::ordered_json to_json(const Recipe& recipe) {
  Writer writer;
  visit_fields(recipe, writer);
  return std::move(writer.json);
}

void apply_setting(Json& recipe, std::string_view setting) {
  const std::string where = "--set " + std::string(setting);
  const std::size_t equals = setting.find('=');
  if (equals == std::string_view::npos) {
    throw usage_error(where + ": expected key=value");
  }
  const std::string key(setting.substr(0, equals)), value(setting.substr(equals + 1));
  const nlohmann::ordered_json defaults = to_json(Recipe{});
  const auto known = defaults.find(key);
  if (known == defaults.end()) {
    std::vector<std::string> keys;
    for (const auto& [name, unused] : defaults.items()) {
      keys.push_back(name);
    }
    throw usage_error(where + ": unknown key \"" + key + "\"", nearest_hint(key, keys));
  }
  // What is no JSON stays text, which the recipe's reader refuses by the key's name.
  const auto json_or_text = [&](const std::string& text) {
    try {
      return parse_json(text, where, ErrorKind::kUsage);
    } catch (const Error&) {
      return Json(text);
    }
  };
  if (known->is_string()) {
    recipe[key] = value;
  } else if (!known->is_array() || value.starts_with("[")) {
    recipe[key] = json_or_text(value);
  } else {
    Json list = Json::array();
    const bool text = !known->empty() && known->front().is_string();
    for (std::size_t begin = 0; begin < value.size();) {
      const std::size_t end = std::min(value.find(',', begin), value.size());
      const std::string item = value.substr(begin, end - begin);
      list.push_back(text ? Json(item) : json_or_text(item));
      begin = end + 1;
    }
    recipe[key] = std::move(list);
  }
}

}  // namespace ns::train
