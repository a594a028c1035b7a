#include "train/run_files.h"

#include <filesystem>

#include "ns/base/atomic_file.h"
#include "ns/base/json.h"

namespace fs = std::filesystem;

ns::train::Recipe effective_recipe(const RunFiles& files) {
  if (files.recipe.empty()) throw ns::usage_error("RECIPE is required");
  if (!fs::exists(files.recipe)) throw ns::usage_error(files.recipe + ": no such recipe");
  ns::Json json = ns::read_json(files.recipe, ns::ErrorKind::kUsage);
  if (!json.is_object()) throw ns::usage_error(files.recipe + ": expected an object");
  for (const std::string& setting : files.settings) ns::train::apply_setting(json, setting);
  if (!files.data_dir.empty()) json["data_dir"] = files.data_dir;
  return ns::train::recipe_from_json(json, files.recipe);
}

std::string resumable_path(const std::string& output) {
  const fs::path path(output);
  return (path.parent_path() / path.stem()).string() + ".resume" + path.extension().string();
}

void check_outputs(const RunFiles& files, std::initializer_list<std::string> inputs) {
  if (files.output.empty()) throw ns::usage_error("--output is required");
  ns::check_writable(files.output, files.overwrite ? ns::Overwrite::kYes : ns::Overwrite::kNo, inputs);
  const std::string resumable = resumable_path(files.output);
  if (files.resume.empty() && !files.overwrite && fs::exists(resumable)) {
    throw ns::usage_error(resumable + ": is there from an interrupted run",
                          "--resume " + resumable + " continues it, --overwrite starts anew");
  }
  ns::check_writable(resumable, ns::Overwrite::kYes);
}
